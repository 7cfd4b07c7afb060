//! A perturbation test is a set of inputs, and equal inputs are computed once.
//!
//! A [`Test`] says which perturbed images it needs for a [`maps::Map`]; an [`Input`] describes one by a key, and a
//! [`Painter`] makes the pixels that replace others. A [`Plan`] joins the equal inputs of all tests. An [`Executor`]
//! streams the plans of many images and maps through a classifier in full batches. Orders and fills are made on the
//! host, images are composed on the device, and only probabilities come back. Results do not depend on the batch size,
//! on the order of the images or on what else is computed.
//!
//! ```
//! use perturbation::{Forwards, ParsedTest, TESTS};
//!
//! let tests = ["deletion:steps=10", "pos"].map(|spec| ParsedTest::parse(spec, &[TESTS]).unwrap());
//! // On 10 x 10 pixels POS needs nine of the perturbed images of deletion, which has one more: the wholly black one.
//! assert_eq!(Forwards::of(&tests, 10 * 10), Forwards { count: 9, of_image: 1, exact: true });
//! ```

mod catalogue;
mod compose;
mod executor;
pub mod fill;
mod forwards;
mod generate;
mod host_image;
pub mod imputation;
mod input;
mod painter;
mod plan;
mod point;
mod undefined;

pub use catalogue::{Demand, Entry, ParsedTest, TESTS, Test};
pub use executor::{Curve, CurvePoint, Executor, Job, Keep, Keeper, MapResult, PushError};
pub use forwards::Forwards;
pub use generate::{Generator, Generators, Request};
pub use host_image::HostImage;
pub use images::{Fill, FillError};
pub use input::{Input, Painted, PixelSet, Scale};
pub use painter::{Painter, Replacement, Reuse};
pub use plan::{Plan, PlanBuilder};
pub use point::{Measures, Point};
pub use undefined::Undefined;
