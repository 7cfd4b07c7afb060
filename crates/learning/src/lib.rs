//! What is trained: classifiers over the network graph, by burn's optimisers.

mod classifier;
mod initialise;
mod norm;
mod save;

pub use classifier::{Batch, Epoch, Recipe, accuracy, train};
pub use initialise::initialise;
pub use save::to_safetensors;
