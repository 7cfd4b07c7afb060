//! A perturbation test is a set of inputs, and equal inputs are computed once.
//!
//! A [`Test`] says which perturbed images it needs for a [`maps::Map`]. A [`Plan`] joins the equal ones of all tests. An
//! [`Executor`] streams the plans of many images and maps through a classifier in full batches. Orders and fills are
//! made on the host, images are composed on the device, and only probabilities come back. Results do not depend on
//! the batch size, on the order of the images or on what else is computed.
//!
//! ```
//! use maps::Map;
//! use perturbation::{Plan, Test};
//!
//! let map = Map::from_plane([2, 5], (0..10).map(|value| value as f32).collect())?;
//! let tests = ["deletion:steps=10", "pos"].map(|spec| Test::parse(spec).unwrap());
//! // POS needs the same ten images as deletion, which has one more: the wholly black one.
//! assert_eq!(Plan::new(&map, &tests).forwards(), 11);
//! # Ok::<(), maps::MapError>(())
//! ```

mod catalogue;
mod compose;
mod executor;
pub mod fill;
mod host_image;
mod plan;

pub use catalogue::{Entry, TESTS, Test};
pub use executor::{CurvePoint, Executor, Job, MapResult, PushError};
pub use host_image::HostImage;
pub use images::{Fill, FillError};
pub use plan::{Input, Plan, Point};
