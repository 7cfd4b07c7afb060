//! Methods that are trained or adapted: explainer networks, and maps chosen by a metric.
//!
//! They are methods as those of `attribution` are, in a list of their own: [`METHODS`]. What they need besides is asked for in
//! the same way: a file under the name that a spec gives it ([`attribution::Needs::files`]), images ([`attribution::Needs::baselines`]).
//! A metric (`metric=(SPEC)`) is computed in process, and its value is what `explain | perturb | score` says of the same map.

mod auto;
mod bee;
mod best_of;
pub mod eea;
mod extended;
mod file;
mod list;
mod masked;
mod named;
mod renormalise;
mod reward;
#[cfg(test)]
mod small;
pub mod tame;

pub use bee::{BanditMethod, BanditTraining};
pub use extended::ExplainerNetwork;
pub use file::{EeaFacts, EeaFile, TameFacts, TameFile, trained_for};
pub use list::{LISTS, METHODS, parse};
pub use masked::masked;
pub use renormalise::Renormalise;
pub use reward::Criterion;
