//! Slices in, numbers out: the statistics of Plumbline, with no files, no tensors and no hidden random state.
//!
//! An undefined statistic (a correlation with a constant, the mean of nothing) is NaN, never an error: the caller
//! knows the names that make a useful message. Malformed input, such as a curve that runs backwards, is an error.

pub mod centred;
pub mod correlation;
pub mod curve;
pub mod density;
pub mod draws;
pub mod gaussian;
pub mod interval;
mod kendall;
pub mod otsu;
pub mod paired;
mod product;
pub mod random;
pub mod ranks;
pub mod resample;
pub mod separation;
pub mod summary;
pub mod wins;
