//! What `explain`, `perturb` and `render` share: the flags that choose a classifier and a device, preparing
//! images ahead of where they are used; opening them is from `pictures`.

mod baselines;
mod folder;
mod images;
mod lists;
mod memory;
mod model;
mod painted;
mod process;
mod shard;
mod speed;
mod target;

pub use baselines::Baselines;
pub use folder::Folder;
pub use images::ahead;
pub use lists::models;
pub use model::{BatchSize, Loaded, ModelArgs, preprocess_name};
pub use painted::Painted;
pub use pictures::{Cache, array_length, hash, is_array, open};
pub use process::generator::Program;
pub use shard::Shard;
pub use speed::{Speed, advice, rounded};
pub use target::{Target, ranked};
