//! Slices in, numbers out: the statistics of Plumbline, with no files, no tensors and no hidden random state.

pub mod random;
