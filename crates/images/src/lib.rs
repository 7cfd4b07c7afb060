//! Images on the host: decoding, identity, the way to a network's input, and what perturbed pixels are replaced with.
//!
//! [`decode`] opens a file and takes the hash of its bytes, which the image keeps: random numbers and answers belong
//! to what an image is, not to how its path is spelled. A [`Preprocess`] resizes and crops it to an [`Image`], the
//! network's frame, and [`Geometry`] brings boxes and masks of the original there. A [`Fill`] is a replacement for its
//! pixels, and [`segments`] cuts it into parts. Nothing here knows tensors.

mod decode;
mod fill;
mod geometry;
mod image;
pub mod lfs;
pub mod preprocess;
mod resample;
pub mod segments;

pub use decode::{Decoded, ImageError, decode, hash, looks_like_image, size};
pub use fill::{Fill, FillError};
pub use geometry::Geometry;
pub use image::Image;
pub use preprocess::Preprocess;
pub use resample::{Filter, Resample};
pub use stats::gaussian::Blur;
