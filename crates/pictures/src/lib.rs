//! The picture under a map and the colours over it, without burn: what `explain` and `perturb` open, and `render` and `report`
//! show.
//!
//! [`open`] takes any name that a table may hold: a path, an embedded image (`testbed/007`), one of an array
//! (`images.npy#7`). [`Photographs`] opens the image of a map as the network saw it, and only if it is the one that the map
//! explains. [`Scale`] says which values of a map get which end of the colours, [`palettes`] the colours, [`ClassOf`] the class in words.

mod arrays;
mod cache;
mod class;
mod open;
pub mod palettes;
mod recorded;
mod scale;
mod under;

pub use arrays::{array_length, is_array};
pub use cache::Cache;
pub use class::ClassOf;
pub use open::{hash, open};
pub use recorded::{Choice, choice};
pub use scale::Scale;
pub use under::Photographs;
