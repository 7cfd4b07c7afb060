//! Products whose terms lie sixteen together.
//!
//! The left side is cut into blocks of sixteen terms, in which the rows of a tile (tokens, pixels) are one cache line each; the weights
//! lie in the order in which the tile reads them. One number of the left side meets two vectors of weights, and all sums of a tile
//! stay in registers. No sum crosses the lanes of a vector, so its bits do not depend on how wide vectors are.

mod batch_norm;
mod channels;
mod convert;
mod depthwise;
mod maps;
mod mean;
mod outer;
pub(crate) mod pack;
mod pool;
mod rows;
mod scale;
mod tile;

pub use batch_norm::{BatchNorm, Moments, ScaleAndShift};
pub use depthwise::Depthwise;
pub use maps::Maps;
pub(crate) use outer::{Image, Outer, Samples};
pub(crate) use rows::Tiles;
pub(crate) use tile::{Job, kernel};

use crate::simd::Level;

/// Terms that lie together.
pub(crate) const BLOCK: usize = 16;
/// Blocks of a product that are added up before they join the sum.
pub(crate) const PART: usize = 16;
/// Vectors of outputs in a tile.
pub(crate) const VECTORS: usize = 2;

/// Outputs of a tile.
pub(crate) fn outputs(level: Level) -> usize {
    VECTORS * level.lanes()
}
