//! A saliency map, and what is done to it before anything is measured.
//!
//! A [`Map`] is one finite relevance for each pixel of an image, without channels. It is made from the shape and the
//! values of an array, whoever wrote it, and an array that is not one map is an error that says what it looks like.
//! [`Reduce`], [`Sign`], [`Blur`] and [`Scale`] are the steps on maps, [`Ranking`] the orders in which a perturbation
//! visits pixels. The steps take slices too, for maps whose channels are kept.
//!
//! ```
//! use maps::{Map, Order};
//!
//! let map = Map::new(&[2, 2], vec![0.5, -1.0, 3.0, 0.0], 3)?;
//! assert_eq!(Order::MostRelevantFirst.sort(map.values()), [2, 0, 3, 1]);
//! let pack = Map::new(&[200, 64, 64], vec![0.0; 200 * 64 * 64], 3).unwrap_err().to_string();
//! assert!(pack.starts_with("shape (200, 64, 64) looks like a pack whose map_index is lost"));
//! # Ok::<(), maps::MapError>(())
//! ```

mod error;
mod map;
mod mask;
mod order;
mod patches;
mod reduce;
mod scale;
mod sign;

pub use error::MapError;
pub use map::{Map, Ties};
pub use mask::Mask;
pub use order::{Cells, Order, Ranked, Ranking, Units};
pub use patches::Patches;
pub use reduce::Reduce;
pub use scale::Scale;
pub use sign::Sign;
pub use stats::gaussian::Blur;
