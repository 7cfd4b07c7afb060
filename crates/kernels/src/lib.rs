//! Convolutions on the CPU: slices in, numbers out. No tensors, no graph.
//!
//! A convolution is a matrix product whose right side is never built. The picture is copied once into planes
//! with its border (and, for strides, split by phase), so that the samples under one kernel tap lie at a fixed
//! distance from each other: the row of the product that belongs to (channel, tap) is the plane itself, shifted.
//! Weights are packed once. One register tile adds up the whole sum of its outputs in one order, so results
//! are bitwise the same for any batch size and number of threads.

mod conv;
mod elementwise;
mod grid;
mod memory;
mod output;
mod panels;
mod pool;
mod product;
mod simd;
mod source;
mod tile;

pub use conv::{After, Conv2d, Geometry};
pub use elementwise::mask;
pub use memory::keep_freed_memory;
pub use pool::Windows;
pub use simd::Level;
pub use source::Masked;
