//! A picture with the fills that its tests need.

use models::{Picture, Preprocess};

use crate::fill::{Fill, FillError};
use crate::test::Test;

/// A picture and its fills as the network sees them, on the host. All maps of the picture share it.
#[derive(Clone, Debug)]
pub struct Subject {
    pub(crate) name: String,
    pub(crate) size: [usize; 2],
    pub(crate) pixels: Vec<f32>,
    pub(crate) fills: Vec<(Fill, Vec<f32>)>,
}

impl Subject {
    /// Normalises a picture and paints its fills. `name` is the key of its random numbers and of its clean answer: one
    /// name stands for one picture.
    ///
    /// # Errors
    /// If the picture is too small for a fill.
    pub fn new(
        name: &str,
        picture: &Picture,
        preprocess: &Preprocess,
        tests: &[Test],
        seed: u64,
    ) -> Result<Self, FillError> {
        let size = [picture.height, picture.width];
        let pixels = preprocess.normalise(picture);
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
