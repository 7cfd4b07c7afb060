//! Convolutions, linear layers and what comes between them on the CPU: slices in, numbers out. No tensors, no graph.
//!
//! A convolution is a matrix product whose right side is never built. The image is copied once into planes
//! with its border (and, for strides, split by phase), so that the samples under one kernel tap lie at a fixed
//! distance from each other: the row of the product that belongs to (channel, tap) is the plane itself, shifted.
//! Weights are packed once. One register tile adds up the whole sum of its outputs in one order, so results
//! are bitwise the same for any batch size and number of threads.

mod attention;
mod blocked;
mod buffer;
mod columns;
mod conv;
mod elementwise;
mod grid;
mod linear;
mod lines;
mod math;
mod memory;
mod output;
mod parts;
mod pool;
mod rows;
mod simd;
mod source;
mod view;

pub use attention::Attention;
pub use blocked::{BatchNorm, Depthwise, Maps, Moments, ScaleAndShift};
pub use buffer::Buffer;
pub use conv::{Conv2d, Geometry, Layout};
pub use elementwise::Function;
pub use linear::Linear;
pub use memory::keep_freed_memory;
pub use output::Target;
pub use pool::Windows;
pub use rows::{LayerNorm, column_sums, softmax, softmax_gradient};
pub use simd::Level;
pub use source::Masked;

use std::sync::Arc;

/// Numbers that somebody else may hold as well.
pub type Numbers = Arc<dyn AsRef<[f32]> + Send + Sync>;

/// What happens to the sums before they are written.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a> {
    /// Numbers of the result's shape that are added, after the bias.
    pub add: Option<&'a [f32]>,
    /// The result is clipped to these bounds.
    pub clip: [f32; 2],
    /// What the result goes through then; linear layers only.
    pub end: Option<Function>,
}

impl Epilogue<'_> {
    /// Nothing.
    pub const NOTHING: Self = Self { add: None, clip: [f32::NEG_INFINITY, f32::INFINITY], end: None };
}
