//! A scene: the image and the truth about it.

use image::RgbImage;
use rand::RngExt;

use crate::background::background;
use crate::canvas::{Canvas, Coverage};
use crate::class;
use crate::colour::{self, Apart, Colour};
use crate::distractor::distractor;
use crate::figure::{Figure, Pose};
use crate::paint::Paint;
use crate::place::{self, Spot};
use crate::{CLASSES, Rng, SIZE};

/// How far an object's colour is from what surrounds it.
const CONTRAST: f32 = 0.4;

/// How far the two colours of a texture are from each other.
const TEXTURE_CONTRAST: f32 = 0.5;

/// How much of every object must be left to see.
const VISIBLE: f32 = 0.8;

/// An image with its label and its objects.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The image, [`SIZE`] x [`SIZE`] pixels.
    pub image: RgbImage,
    /// The class of every object, an index of [`CLASSES`].
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
    let mut rng = stats::random::generator(seed, &["testbed", split.name()], index);
    let rng = &mut rng;
    let label = (index % CLASSES.len() as u64) as usize;

    let mut canvas = background(rng);
    let occludes = scatter(&mut canvas, rng);
    let spots = place::spots(rng);
    let mut seen: Vec<Coverage> =
        spots.iter().map(|spot| canvas.draw(&object(&canvas, label, spot, rng))).collect();
    if occludes {
        occlude(&mut canvas, &spots, &mut seen, rng);
    }
    canvas.add_noise(rng.random_range(0.01..0.03), rng);

    let objects = seen.iter().map(|seen| Object::new(seen.iter().map(|&share| share > 0.5).collect()));
    Scene { image: canvas.to_image(), label, objects: objects.collect() }
}

/// Draws up to four distractors anywhere; true if one of the four is kept back to occlude an object.
fn scatter(canvas: &mut Canvas, rng: &mut Rng) -> bool {
    let distractors = rng.random_range(0..=4_u8);
    let occludes = distractors > 0 && rng.random_bool(0.3);
    for _ in u8::from(occludes)..distractors {
        let place = std::array::from_fn(|_| rng.random_range(0.0..SIZE as f32));
        canvas.draw(&distractor(canvas, place, rng));
    }
    occludes
}

/// An object of the class that fits the spot.
fn object(canvas: &Canvas, label: usize, spot: &Spot, rng: &mut Rng) -> Figure {
    let around = canvas.around(spot.place, 1.2 * spot.radius);
    Figure {
        outline: class::outline(label, rng),
        pose: Pose::turned(spot.place, spot.radius, rng),
        paint: Paint {
            pattern: class::pattern(label, 2.0 * spot.radius, rng),
            colours: colours(&around, class::is_texture(label), rng),
        },
        opacity: 1.0,
    }
}

/// Two colours that can be told from the surroundings; those of a texture also from each other.
fn colours(around: &[Colour], texture: bool, rng: &mut Rng) -> [Colour; 2] {
    let surroundings = Apart { from: around, contrast: CONTRAST };
    let first = colour::apart(&[surroundings], rng);
    let second = if texture {
        let other = Apart { from: &[first], contrast: TEXTURE_CONTRAST };
        colour::apart(&[surroundings, other], rng)
    } else {
        colour::near(first, 0.12, rng)
    };
    [first, second]
}

/// Draws a distractor over the rim of one object, unless every try hides too much or nothing.
fn occlude(canvas: &mut Canvas, spots: &[Spot], seen: &mut [Coverage], rng: &mut Rng) {
    for _ in 0..8 {
        let chosen = rng.random_range(0..spots.len() as u32) as usize;
        let place =
            spots[chosen].place.map(|value| value + rng.random_range(-1.0..1.0) * spots[chosen].radius);
        let figure = distractor(canvas, place, rng);
        let mut trial = canvas.clone();
        let over = trial.draw(&figure);
        let kept: Vec<f32> = seen.iter().map(|seen| share_left(seen, &over)).collect();
        if kept[chosen] < 0.98 && kept.iter().all(|&kept| kept > VISIBLE) {
            *canvas = trial;
            for seen in seen {
                hide(seen, &over);
            }
            return;
        }
    }
}

/// The share of an object that is still seen under `over`.
fn share_left(seen: &[f32], over: &[f32]) -> f32 {
    let left: f32 = seen.iter().zip(over).map(|(seen, over)| seen * (1.0 - over)).sum();
    left / seen.iter().sum::<f32>()
}

fn hide(seen: &mut [f32], over: &[f32]) {
    seen.iter_mut().zip(over).for_each(|(seen, over)| *seen *= 1.0 - over);
}
