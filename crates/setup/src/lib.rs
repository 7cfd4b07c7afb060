//! What `explain`, `perturb` and `render` share: the flags that choose a classifier and a device, and opening pictures
//! by path or by the name of an embedded one.

mod lists;
mod model;
mod pictures;
mod process;
mod target;

pub use lists::models;
pub use model::{BatchSize, Loaded, ModelArgs, preprocess_name};
pub use pictures::{ahead, open};
pub use target::Target;
