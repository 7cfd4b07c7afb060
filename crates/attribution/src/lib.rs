//! Explanation methods: one file each, over the network graph, batched over images and samples.
//!
//! A method has two phases. [`parse`] turns a spec string into a [`Method`], which says what it needs before anything is
//! loaded; prepared for a classifier, it is an [`Explainer`], which turns a [`Request`] into raw signed maps. Maps
//! do not depend on the batch size, on the other images in the batch or on their order: random numbers are
//! keyed by (seed, image content, method, draw) and samples are added one by one in a fixed order.

pub mod attention;
mod baseline;
mod batch;
mod context;
mod design;
mod entry;
pub mod gaussian;
mod layer;
mod linear;
mod list;
mod lrp;
mod method;
mod methods;
mod noise;
mod noise_tunnel;
mod request;
mod segments;
mod subsets;
mod walk;

#[cfg(test)]
#[path = "../tests/tiny/mod.rs"]
mod tiny;

pub use context::Context;
pub use entry::{ParsedMethod, parse};
pub use layer::Layer;
pub use list::METHODS;
pub use method::{Access, Entry, Error, Explainer, Method, Needs, Passes, Told, Trial, explainer};
pub use methods::guided_ig::GuidedPath;
pub use methods::rise::Masks;
pub use noise_tunnel::split_tunnel;
pub use request::Request;
