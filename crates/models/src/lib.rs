//! The only door to burn: devices, images to tensors, the network graph, architectures and weights.
//!
//! A classifier is a [`Network`]: a list of named operations ([`graph::Graph`]) and their weights, run by one
//! interpreter that can stop, resume and be watched at any node. [`Classifier`] joins a network to the way its
//! images are prepared and to the names of its classes.

pub mod checkpoint;
pub mod classifier;
pub mod device;
pub mod features;
mod gradients;
pub mod identity;
pub mod initialise;
pub mod network;
mod randomised;
pub mod resize;
mod shifted;
pub mod tokens;
pub mod views;
pub mod zoo;

pub use burn::tensor::activation::{log_sigmoid, relu, sigmoid, softmax};
pub use burn::tensor::{Device, Int, Tensor, TensorData, s};
pub use checkpoint::Checkpoint;
pub use classifier::Classifier;
pub use images::{Image, Preprocess, lfs, preprocess};
pub use kernels::Level;
pub use network::external::Scores;
pub use network::graph::{self, Graph, Link, NodeId, Op};
pub use network::value::Value;
pub use network::{Engine, Hooks, Network, Plain};
pub use randomised::{Randomisation, RandomisationError};
pub use views::Views;
