//! A scene: the image and the truth about it.

use image::RgbImage;

use crate::SIZE;
use crate::drawing::Drawing;

/// An image with its label and its objects.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The image, [`SIZE`] x [`SIZE`] pixels.
    pub image: RgbImage,
    /// The class of every object, an index of [`crate::CLASSES`].
    pub label: usize,
    /// One to three objects that do not overlap.
    pub objects: Vec<Object>,
}

impl Scene {
    /// The bounding box of every object: left, top, right, bottom in pixels, right and bottom not included.
    pub fn boxes(&self) -> Vec<[u32; 4]> {
        self.objects.iter().map(|object| object.bounds).collect()
    }

    /// The pixels of all objects together, row by row.
    pub fn mask(&self) -> Vec<bool> {
        let any = |i| self.objects.iter().any(|object| object.mask[i]);
        (0..SIZE * SIZE).map(any).collect()
    }
}

/// Where one object can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The pixels that show more of the object than of anything else, row by row.
    pub mask: Vec<bool>,
    /// The tight box around the mask: left, top, right, bottom in pixels, right and bottom not included.
    pub bounds: [u32; 4],
}

impl Object {
    /// The object with this mask; an empty mask has an empty box.
    pub(crate) fn new(mask: Vec<bool>) -> Self {
        let mut bounds = [SIZE as u32, SIZE as u32, 0, 0];
        for i in (0..mask.len()).filter(|&i| mask[i]) {
            let (x, y) = ((i % SIZE) as u32, (i / SIZE) as u32);
            bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x + 1), bounds[3].max(y + 1)];
        }
        Self { mask, bounds }
    }
}

/// Streams of scenes that have no image in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    /// To train a classifier on.
    Train,
    /// To measure a trained classifier on.
    Heldout,
    /// To show and to try things on: the source of the embedded images.
    Demo,
}

impl Split {
    /// The split's name, part of the key of its random numbers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Heldout => "heldout",
            Self::Demo => "demo",
        }
    }
}

/// Draws scene `index` of a split; its label is the last decimal digit of the index.
///
/// Equal arguments give equal scenes. Between machines, mathematical functions may round differently, and a pixel may
/// be off by one grey level; [`image`](crate::image) has images that are the same everywhere.
pub fn scene(seed: u64, split: Split, index: u64) -> Scene {
    let drawing = Drawing::new(seed, split, index);
    let mask = |seen: &Vec<f32>| seen.iter().map(|&share| share > 0.5).collect();
    Scene {
        image: drawing.with_noise(drawing.whole.clone()).to_image(),
        label: drawing.label,
        objects: drawing.seen.iter().map(|seen| Object::new(mask(seen))).collect(),
    }
}
