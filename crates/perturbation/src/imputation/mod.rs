//! ROAD's noisy linear imputation: replaced pixels become what their neighbours say.

mod level;
mod linear;
mod multigrid;
mod painter;
mod pixel;
mod solve;

pub use linear::{ImputationError, impute};
pub(crate) use painter::Impute;
