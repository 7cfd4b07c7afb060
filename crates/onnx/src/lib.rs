//! ONNX classifiers, read at run time into the network graph of `models`, so that gradients, CAMs and rules work on
//! them.
//!
//! [`import`] gives a graph and its weights as plain data, [`load`] a classifier. What the file computes from
//! constants and shapes is computed once; the number of images stays free whatever the file says. Layer
//! normalisation, GELU, SiLU and HardSwish that a file spells out become one node, a matrix product with a fixed
//! matrix becomes a linear layer, and a softmax or a sigmoid at the end is left out: scores before it are what is
//! explained, and probabilities are computed from them.

mod batch;
mod call;
mod classifier;
mod constant;
mod external;
mod file;
mod import;
mod importer;
mod operators;
mod proto;
mod rewrite;
mod size;
mod tensor;
#[cfg(test)]
mod tests;

pub use classifier::{load, open};
pub use import::{Import, OnnxError, import};
