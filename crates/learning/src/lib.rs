//! What is trained: networks, classifiers before all, over the network graph. Losses, schedules, augmentation, and a training that can be left and
//! gone on with; the optimisers are burn's.

pub mod augment;
pub mod checkpoint;
mod classifier;
mod dataset;
mod learner;
mod loss;
mod norm;
mod optimiser;
mod save;
mod schedule;
mod trainer;

pub use augment::{Augmentation, Mix};
pub use classifier::{Batch, Epoch, Recipe, accuracy, train};
pub use dataset::DataSet;
pub use learner::{Learner, Rule};
pub use loss::{Targets, cross_entropy};
pub use models::initialise::initialise;
pub use norm::BatchStatistics;
pub use optimiser::{Decayed, Optimiser};
pub use save::to_safetensors;
pub use schedule::Schedule;
pub use trainer::Trainer;
