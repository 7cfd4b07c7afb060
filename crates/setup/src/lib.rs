//! What `explain`, `perturb` and `render` share: the flags that choose a classifier and a device, and opening images
//! by path or by the name of an embedded one and keeping the last of them.

mod arrays;
mod baselines;
mod cache;
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

pub use arrays::{array_length, is_array};
pub use baselines::Baselines;
pub use cache::Cache;
pub use folder::Folder;
pub use images::{ahead, hash, open};
pub use lists::models;
pub use model::{BatchSize, Loaded, ModelArgs, preprocess_name};
pub use painted::Painted;
pub use process::generator::Program;
pub use shard::Shard;
pub use speed::{Speed, advice, rounded};
pub use target::{Target, ranked};
