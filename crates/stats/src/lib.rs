//! Slices in, numbers out: the statistics of Plumbline, with no files, no tensors and no hidden random state.
//!
//! An undefined statistic (a correlation with a constant, the mean of nothing) is NaN, never an error: the caller
//! knows the names that make a useful message. Malformed input, such as a curve that runs backwards, is an error.

pub mod agreement;
pub mod centred;
mod concordance;
pub mod correlation;
pub mod curve;
pub mod density;
pub mod draws;
pub mod effect;
pub mod friedman;
pub mod gaussian;
mod groups;
pub mod interval;
pub mod joint;
mod kendall;
pub mod multiple;
pub mod otsu;
mod partial;
pub mod posthoc;
pub mod power;
mod product;
pub mod proportion;
pub mod random;
mod rank_biserial;
mod rank_sum;
pub mod rankings;
pub mod ranks;
pub mod resample;
pub mod separation;
pub mod signed;
mod studentized;
pub mod summary;
pub mod tau;
pub mod wins;
