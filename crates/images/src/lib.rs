//! Images on the host: decoding, identity, the way to a network's input, and what perturbed pixels are replaced with.
//!
//! [`decode`] opens a file and takes the hash of its bytes, which the image keeps: random numbers and answers belong
//! to what an image is, not to how its path is spelled. A [`Preprocess`] resizes and crops it to an [`Image`], the
//! network's frame, and [`Geometry`] brings boxes and masks of the original there. A [`Fill`] is a replacement for its
//! pixels, [`segments`] cuts it into parts, [`bokeh`] shows some of its pixels and [`Information`] is what it takes to store
//! it. Nothing here knows tensors.

pub mod bokeh;
mod box_blur;
mod decode;
mod fill;
mod geometry;
mod image;
mod information;
pub mod lfs;
pub mod preprocess;
mod resample;
pub mod segments;

pub use decode::{Decoded, ImageError, decode, hash, looks_like_image, size};
pub use fill::{Fill, FillError};
pub use geometry::Geometry;
pub use image::Image;
pub use information::Information;
pub use preprocess::Preprocess;
pub use resample::{Filter, Resample, enlarge};
pub use stats::gaussian::Blur;
