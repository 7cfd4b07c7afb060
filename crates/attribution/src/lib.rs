//! Explanation methods: one file each, over the network graph, batched over images and samples.
//!
//! [`parse`] turns a spec string into a [`Method`]; a method turns a [`Request`] into raw signed maps. Maps
//! do not depend on the batch size, on the other images in the batch or on their order: random numbers are
//! keyed by (seed, image, method, draw) and samples are added one by one in a fixed order.

mod attention;
mod baseline;
mod batch;
mod gaussian;
mod linear;
mod lrp;
mod method;
mod methods;
mod otsu;
mod registry;
mod segments;
mod subsets;
mod walk;

#[cfg(test)]
#[path = "../tests/tiny/mod.rs"]
mod tiny;

pub use method::{Error, Method, Request};
pub use methods::rise::Masks;
pub use registry::{Entry, METHODS, ParsedMethod, parse};
