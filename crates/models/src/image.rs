//! Images: decoding, resizing, cropping, and where a box of the original lies afterwards.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::{ImageFormat, ImageReader, RgbImage};

use crate::preprocess::Preprocess;

/// Why an image cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{path}: {reason}")]
pub struct ImageError {
    /// The image.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// An image as the network sees it, before normalisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Channel-first values in 0..1: red, green and blue planes.
    pub pixels: Vec<f32>,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// How original coordinates become coordinates here.
    pub geometry: Geometry,
}

/// `new = old * scale - offset`, for x and y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// Pixels here for each pixel of the original, across and down.
    pub scale: [f32; 2],
    /// What the crop takes off at the left and at the top.
    pub offset: [f32; 2],
}

impl Geometry {
    /// Moves a box `x0 y0 x1 y1` of the original image.
    pub fn place(&self, bounds: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| bounds[i] * self.scale[i % 2] - self.offset[i % 2])
    }
}

/// Decodes an image file to 8-bit RGB. Grey becomes RGB, transparency is dropped; the format is
/// recognised by content, because data sets hold PNG files named `.JPEG`.
///
/// # Errors
/// If the file cannot be read, is no image or ends too early.
pub fn decode(path: &Path) -> Result<RgbImage, ImageError> {
    let unusable = |reason: String| ImageError { path: path.display().to_string(), reason };
    let bytes = fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format();
    let reader = reader.map_err(|error| unusable(error.to_string()))?;
    // The decoder paints what is missing of a JPEG file grey and says nothing.
    if reader.format() == Some(ImageFormat::Jpeg) && !jpeg_is_whole(&bytes) {
        return Err(unusable("the JPEG data are cut off".into()));
    }
    Ok(reader.decode().map_err(|error| unusable(error.to_string()))?.into_rgb8())
}

/// Whether the end marker of a JPEG file is there: segment by segment, because a thumbnail has one of its own.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 2;
    loop {
        // Compressed data hold no marker but for restarts; what is no marker at all is skipped as decoders do.
        let rest = bytes.get(at..).unwrap_or_default();
        let marker =
            rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff));
        let Some(start) = marker.map(|start| at + start) else { return false };
        match (bytes[start + 1], bytes.get(start + 2..start + 4)) {
            (END, _) => return true,
            (SCAN, _) | (_, None) => at = start + 2,
            (_, Some(length)) => at = start + 2 + usize::from(u16::from_be_bytes([length[0], length[1]])),
        }
    }
}

impl Image {
    /// Resizes and crops; `name` stands for the image in messages.
    ///
    /// # Errors
    /// If the image is smaller than the crop.
    pub fn prepare(name: &str, image: &RgbImage, preprocess: &Preprocess) -> Result<Self, ImageError> {
        let size = [image.height() as usize, image.width() as usize];
        let [height, width] = preprocess.resized(size);
        let resized = if [height, width] == size {
            image.as_raw().clone()
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
        let scale = [width as f32 / size[1] as f32, height as f32 / size[0] as f32];
        let geometry = Geometry { scale, offset: [left as f32, top as f32] };
        Ok(Self {
            pixels: planes(&resized, width, [top, left], crop),
            height: crop[0],
            width: crop[1],
            geometry,
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

    #[test]
    fn a_jpeg_file_that_is_cut_off_is_an_error() {
        let mut bytes = Vec::new();
        let pixel = |x: u32, y: u32| image::Rgb([(x * y) as u8, (x * 7) as u8, (y * 5) as u8]);
        let image = RgbImage::from_fn(40, 30, pixel);
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
        assert!(jpeg_is_whole(&bytes));
        let trailing = [&bytes[..], b"what a camera adds"].concat();
        assert!(jpeg_is_whole(&trailing));
        // A thumbnail, whole, inside a segment of the header.
        let length = (bytes.len() as u16 + 2).to_be_bytes();
        let thumbnail = [&bytes[..2], &[0xff, 0xe1], &length, &bytes, &bytes[2..]].concat();
        assert!(jpeg_is_whole(&thumbnail));
        for end in [0, 2, 20, bytes.len() / 2, bytes.len() - 2, bytes.len() - 1] {
            assert!(!jpeg_is_whole(&bytes[..end]), "{end}");
            assert!(!jpeg_is_whole(&thumbnail[..thumbnail.len() - bytes.len() + end]), "{end}");
        }
        let work = testing::WorkDir::new();
        let error = decode(&work.write("half.jpg", &bytes[..bytes.len() / 2])).unwrap_err().to_string();
        assert!(error.ends_with("half.jpg: the JPEG data are cut off"), "{error}");
    }
}
