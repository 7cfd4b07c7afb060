//! An image in the network's frame.

use image::RgbImage;

use crate::{Decoded, Geometry, ImageError, Preprocess};

/// An image as the network sees it, before normalisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Channel-first values in 0..1: red, green and blue planes.
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
    /// Resizes and crops; `name` stands for the image in messages.
    ///
    /// # Errors
    /// If the image is smaller than the crop.
    pub fn prepare(self, name: &str, preprocess: &Preprocess) -> Result<Image, ImageError> {
        let Self { pixels: image, hash } = self;
        let size = [image.height() as usize, image.width() as usize];
        let [height, width] = preprocess.resized(size);
        let resized = if [height, width] == size {
            image.into_raw()
        } else {
            preprocess.resample().resize_bytes(image.as_raw(), size, [height, width], 3)
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
            pixels: planes(&resized, width, [top, left], crop),
            height: crop[0],
            width: crop[1],
            hash,
            geometry: Geometry::new(size, [height, width], [top, left], crop),
        })
    }
}

/// Cuts a window out of interleaved bytes, as planes in 0..1.
fn planes(bytes: &[u8], width: usize, corner: [usize; 2], size: [usize; 2]) -> Vec<f32> {
    let mut pixels = Vec::with_capacity(3 * size[0] * size[1]);
    for channel in 0..3 {
        for y in corner[0]..corner[0] + size[0] {
            let row = &bytes[(y * width + corner[1]) * 3..][..size[1] * 3];
            pixels.extend(row.iter().skip(channel).step_by(3).map(|&byte| f32::from(byte) / 255.0));
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

    #[test]
    fn a_small_image_and_a_crop_is_an_error() {
        let preprocess =
            Preprocess { resize: Resize::None, crop: Some([9, 9]), ..Preprocess::preset("none").unwrap() };
        let error = Image::prepare("tiny.png", &RgbImage::new(8, 9), &preprocess).unwrap_err();
        let expected = "tiny.png: the image is 9 x 8 after resizing, smaller than the crop 9 x 9";
        assert_eq!(error.to_string(), expected);
    }
}
