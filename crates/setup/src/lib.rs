//! What `explain`, `perturb` and `render` share: the flags that choose a classifier and a device, and opening pictures
//! by path or by the name of an embedded one.

mod model;
mod pictures;

pub use model::{BatchSize, Loaded, ModelArgs, models};
pub use pictures::{ahead, open};
