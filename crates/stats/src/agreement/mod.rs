//! How much several raters agree, be they people, metrics or images.

mod fleiss;
mod kendall;
mod krippendorff;

pub use fleiss::{fleiss_kappa, fleiss_kappa_interval};
pub use kendall::{KendallW, kendall_w};
pub use krippendorff::{Ratings, Scale, krippendorff_ordinal};
