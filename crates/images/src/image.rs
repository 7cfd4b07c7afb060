//! An image in the network's frame.

use image::RgbImage;

use crate::preprocess::Channels;
use crate::{Decoded, Geometry, ImageError, Preprocess};

/// The most pixels of an image after resizing: as many as fit into half a gigabyte with four channels.
const LARGEST: usize = 1 << 27;

/// An image as the network sees it, before normalisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Channel-first values in 0..1: red, green and blue planes; one plane of grey, or a fourth one of opacity, where the
    /// network takes that ([`Channels`]).
    pub pixels: Vec<f32>,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Which image it is, however its path is spelled: that of [`Decoded`], before it was resized.
    pub hash: String,
    /// How original coordinates become coordinates here.
    pub geometry: Geometry,
}

impl Image {
    /// Resizes and crops an image that has no file; `name` stands for it in messages.
    ///
    /// # Errors
    /// If the image is smaller than the crop.
    pub fn prepare(name: &str, image: &RgbImage, preprocess: &Preprocess) -> Result<Self, ImageError> {
        Decoded::from(image.clone()).prepare(name, preprocess)
    }

    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }
}

impl Decoded {
    /// The pixels in these channels, interleaved.
    fn bytes(self, channels: Channels) -> Vec<u8> {
        match channels {
            Channels::Rgb | Channels::Bgr => self.pixels.into_raw(),
            Channels::Grey => self.pixels.pixels().map(|pixel| brightness(pixel.0)).collect(),
            Channels::Rgba => {
                let opacity = |at: usize| self.opacity.as_ref().map_or(u8::MAX, |opacity| opacity[at]);
                let pixels = self.pixels.pixels().enumerate();
                pixels.flat_map(|(at, image::Rgb([r, g, b]))| [*r, *g, *b, opacity(at)]).collect()
            }
        }
    }

    /// Resizes and crops; `name` stands for the image in messages.
    ///
    /// # Errors
    /// If the image is smaller than the crop, or too large after resizing.
    pub fn prepare(self, name: &str, preprocess: &Preprocess) -> Result<Image, ImageError> {
        let size = [self.pixels.height() as usize, self.pixels.width() as usize];
        let [height, width] = preprocess.resized(size);
        if height.saturating_mul(width) > LARGEST {
            let reason = format!(
                "the image is {} x {}, and after resizing {height} x {width}: more than {LARGEST} pixels",
                size[0], size[1]
            );
            return Err(ImageError { path: name.into(), reason });
        }
        let channels = preprocess.channels.count();
        let hash = self.hash.clone();
        let bytes = self.bytes(preprocess.channels);
        let resized = if [height, width] == size {
            bytes
        } else {
            preprocess.resample().resize_bytes(&bytes, size, [height, width], channels)
        };
        let crop = preprocess.crop.unwrap_or([height, width]);
        if crop[0] > height || crop[1] > width {
            let reason = format!(
                "the image is {height} x {width} after resizing, smaller than the crop {} x {}",
                crop[0], crop[1]
            );
            return Err(ImageError { path: name.into(), reason });
        }
        // torchvision rounds the corner half to even, as Python does.
        let corner = |whole: usize, part: usize| ((whole - part) as f32 / 2.0).round_ties_even() as usize;
        let (top, left) = (corner(height, crop[0]), corner(width, crop[1]));
        Ok(Image {
            pixels: planes(&resized, channels, width, [top, left], crop),
            height: crop[0],
            width: crop[1],
            hash,
            geometry: Geometry::new(size, [height, width], [top, left], crop),
        })
    }
}

/// ITU-R 601, in Pillow's fixed-point numbers.
fn brightness(colour: [u8; 3]) -> u8 {
    let weighted: u32 =
        colour.iter().zip([19_595, 38_470, 7471]).map(|(&part, weight)| u32::from(part) * weight).sum();
    ((weighted + (1 << 15)) >> 16) as u8
}

/// Cuts a window out of interleaved bytes, as planes in 0..1.
fn planes(bytes: &[u8], channels: usize, width: usize, corner: [usize; 2], size: [usize; 2]) -> Vec<f32> {
    let mut pixels = Vec::with_capacity(channels * size[0] * size[1]);
    for channel in 0..channels {
        for y in corner[0]..corner[0] + size[0] {
            let row = &bytes[(y * width + corner[1]) * channels..][..size[1] * channels];
            pixels.extend(row.iter().skip(channel).step_by(channels).map(|&byte| f32::from(byte) / 255.0));
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::Resize;

    #[test]
    fn the_crop_is_the_centre_and_boxes_follow() {
        let image = RgbImage::from_fn(8, 4, |x, y| image::Rgb([x as u8, y as u8, 0]));
        let preprocess =
            Preprocess { resize: Resize::None, crop: Some([2, 4]), ..Preprocess::preset("none").unwrap() };
        let image = Image::prepare("a", &image, &preprocess).unwrap();
        assert_eq!((image.height, image.width), (2, 4));
        assert_eq!(image.pixels[0], 2.0 / 255.0);
        assert_eq!(image.pixels[8], 1.0 / 255.0);
        assert_eq!(image.geometry.place([2.0, 1.0, 6.0, 3.0]), [0.0, 0.0, 4.0, 2.0]);
    }

    /// 60,000 x 1 pixels with the short side at 256 would be four billion.
    #[test]
    fn an_image_that_would_be_too_large_is_an_error() {
        let imagenet = Preprocess::preset("imagenet").unwrap();
        let error = Image::prepare("line.png", &RgbImage::new(60_000, 1), &imagenet).unwrap_err();
        assert_eq!(
            error.reason,
            "the image is 1 x 60000, and after resizing 256 x 15360000: more than 134217728 pixels"
        );
    }

    #[test]
    fn a_small_image_and_a_crop_is_an_error() {
        let preprocess =
            Preprocess { resize: Resize::None, crop: Some([9, 9]), ..Preprocess::preset("none").unwrap() };
        let error = Image::prepare("tiny.png", &RgbImage::new(8, 9), &preprocess).unwrap_err();
        let expected = "tiny.png: the image is 9 x 8 after resizing, smaller than the crop 9 x 9";
        assert_eq!(error.to_string(), expected);
    }
}
