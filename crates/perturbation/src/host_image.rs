//! An image with the fills that its tests need.

use crate::catalogue::Test;
use images::{Fill, FillError, Image, Preprocess};

/// An image and its fills as the network sees them, on the host. All maps of the image share it.
#[derive(Clone, Debug)]
pub struct HostImage {
    pub(crate) name: String,
    pub(crate) size: [usize; 2],
    pub(crate) pixels: Vec<f32>,
    pub(crate) fills: Vec<(Fill, Vec<f32>)>,
}

impl HostImage {
    /// Normalises an image and paints its fills. `name` is the key of its random numbers and of its clean answer: one
    /// name stands for one image.
    ///
    /// # Errors
    /// If the image is too small for a fill.
    pub fn new(
        name: &str,
        image: &Image,
        preprocess: &Preprocess,
        tests: &[Test],
        seed: u64,
    ) -> Result<Self, FillError> {
        let size = [image.height, image.width];
        let pixels = preprocess.normalise(image);
        let mut fills: Vec<(Fill, Vec<f32>)> = Vec::new();
        for fill in tests.iter().flat_map(Test::fills) {
            if !fills.iter().any(|(other, _)| other == fill) {
                fills.push((*fill, fill.paint(&pixels, size, preprocess, seed, name)?));
            }
        }
        Ok(Self { name: name.into(), size, pixels, fills })
    }

    /// The name it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }
}
