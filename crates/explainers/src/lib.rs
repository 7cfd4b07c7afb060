//! Methods that are trained or adapted: explainer networks, and maps chosen by a metric.
//!
//! They are methods as those of `attribution` are, in a list of their own: [`METHODS`]. What they need besides is asked for in
//! the same way: a file under the name that a spec gives it ([`attribution::Needs::files`]), images ([`attribution::Needs::baselines`]).
//! A metric (`metric=(SPEC)`) is computed in process, and its value is what `explain | perturb | score` says of the same map.

mod bee;
mod best_of;
mod list;
mod reward;
#[cfg(test)]
mod small;

pub use bee::{Recipe, Training};
pub use list::{LISTS, METHODS, parse};
