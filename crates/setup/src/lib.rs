//! What `explain` and `perturb` share: the flags that choose a classifier and a device, and opening pictures
//! by path or by the name of an embedded one.

mod model;
mod pictures;

pub use model::{Loaded, ModelArgs, layers, models};
pub use pictures::{ahead, decoded, open};
