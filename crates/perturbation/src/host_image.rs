//! An image with the fills that its tests need.

use std::sync::Arc;

use images::{FillError, Image, Preprocess, segments};
use maps::{Cells, Units};

use crate::catalogue::ParsedTest;
use crate::generate::{Generator, Generators};
use crate::painter::{Replacement, Reuse};

/// An image and its fills as the network sees them, on the host. All maps of the image share it.
#[derive(Clone, Debug)]
pub struct HostImage {
    hash: String,
    size: [usize; 2],
    pixels: Vec<f32>,
    preprocess: Arc<Preprocess>,
    seed: u64,
    fills: Vec<(Replacement, Vec<f32>)>,
    cells: Vec<(Cells, Vec<u32>)>,
    generators: Arc<Generators>,
    prompt: Option<Arc<str>>,
    class: Option<Arc<str>>,
}

impl HostImage {
    /// Normalises an image and paints the fills that are kept with it. Its random numbers and its clean answer belong to
    /// its content hash: one hash stands for one image.
    ///
    /// # Errors
    /// If the image is too small for a fill.
    pub fn new(
        image: &Image,
        preprocess: &Arc<Preprocess>,
        tests: &[ParsedTest],
        seed: u64,
    ) -> Result<Self, FillError> {
        Self::of_planes(&image.hash, image.size(), preprocess.normalise(image), preprocess, tests, seed)
    }

    /// The same of planes (C, H, W) of height and width `size` that are normalised already.
    ///
    /// # Errors
    /// As [`HostImage::new`].
    pub fn of_planes(
        hash: &str,
        size: [usize; 2],
        pixels: Vec<f32>,
        preprocess: &Arc<Preprocess>,
        tests: &[ParsedTest],
        seed: u64,
    ) -> Result<Self, FillError> {
        let mut host = Self {
            hash: hash.to_owned(),
            size,
            pixels,
            preprocess: Arc::clone(preprocess),
            seed,
            fills: Vec::new(),
            cells: Vec::new(),
            generators: Arc::default(),
            prompt: None,
            class: None,
        };
        let everywhere = vec![1.0; size.iter().product()];
        for fill in tests.iter().flat_map(ParsedTest::fills) {
            if fill.reuse() == Reuse::Image && host.fill(fill).is_none() {
                let painted = fill.paint(&host, &everywhere)?;
                host.fills.push((fill.clone(), painted));
            }
        }
        for units in tests.iter().filter_map(ParsedTest::units) {
            if let Units::Cells(cells) = units
                && host.cells(units).is_empty()
            {
                let numbers = host.cut(cells);
                host.cells.push((cells, numbers));
            }
        }
        Ok(host)
    }

    /// Who paints, and what is to be seen, in words.
    #[must_use]
    pub fn painted_by(mut self, generators: &Arc<Generators>, prompt: Option<Arc<str>>) -> Self {
        self.generators = Arc::clone(generators);
        self.prompt = prompt;
        self
    }

    /// The class that is explained, in words.
    #[must_use]
    pub fn of_class(self, class: Option<Arc<str>>) -> Self {
        Self { class, ..self }
    }

    /// The class that is explained, in words, if anybody has said them.
    pub fn class(&self) -> Option<&str> {
        self.class.as_deref()
    }

    /// A generator by its name.
    pub fn generator(&self, name: &str) -> Option<&dyn Generator> {
        self.generators.get(name).map(|generator| &**generator)
    }

    /// What is to be seen where an image is painted, in words.
    pub fn prompt(&self) -> Option<&str> {
        self.prompt.as_deref()
    }

    /// For each pixel the number of its cell; nothing if a test has not named such cells.
    pub fn cells(&self, units: Units) -> &[u32] {
        let Units::Cells(cells) = units else { return &[] };
        self.cells.iter().find(|(other, _)| *other == cells).map_or(&[], |(_, numbers)| numbers)
    }

    fn cut(&self, cells: Cells) -> Vec<u32> {
        match cells {
            Cells::Blocks(count) => segments::blocks(self.size, count),
            Cells::Squares(side) => segments::squares(self.size, side),
            Cells::Segments(count) => segments::slic(&self.image_bytes(), self.size, count),
        }
    }

    /// Which image it is.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// The normalised planes, (C, H, W) in C order.
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// The bytes of its planes before they were normalised, red, green and blue: what tests paint from.
    pub fn image_bytes(&self) -> Vec<u8> {
        self.preprocess.bytes(&self.pixels)
    }

    /// How it was prepared.
    pub fn preprocess(&self) -> &Preprocess {
        &self.preprocess
    }

    /// The seed of its random numbers.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What it takes of the host's memory: its own pixels and the fills that are kept with it.
    pub fn bytes(&self) -> usize {
        let fills: usize = self.fills.iter().map(|(_, painted)| painted.len()).sum();
        (self.pixels.len() + fills) * size_of::<f32>()
    }

    /// The fills that are kept with it.
    pub(crate) fn fills(&self) -> &[(Replacement, Vec<f32>)] {
        &self.fills
    }

    /// A fill that is kept with it.
    pub(crate) fn fill(&self, fill: &Replacement) -> Option<&[f32]> {
        self.fills.iter().find(|(other, _)| other == fill).map(|(_, painted)| painted.as_slice())
    }
}
