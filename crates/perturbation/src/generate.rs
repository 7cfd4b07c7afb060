//! Generated images: somebody else paints what a mask leaves open.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use images::FillError;
use rand::RngExt;

use crate::host_image::HostImage;
use crate::painter::{Painter, Reuse};

/// What a generator is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Planes of bytes, (C, H, W): the image in the network's frame.
    pub image: &'a [u8],
    /// Height and width.
    pub size: [usize; 2],
    /// The pixels to be painted.
    pub mask: &'a [bool],
    /// What is to be seen there, in words; empty for a generator that needs none.
    pub prompt: &'a str,
    /// Of its random numbers: another one for each sample and, unless all of it is painted from black, each image; the same
    /// for all masks.
    pub seed: u32,
}

/// Paints images.
pub trait Generator: Debug + Send + Sync {
    /// Whether it wants to be told what is to be seen.
    fn needs_prompt(&self) -> bool;

    /// Why it is asked no more, if it has failed.
    fn failure(&self) -> Option<String>;

    /// An image for each request, as [`Request::image`] is: whole, also where nothing was to be painted.
    ///
    /// # Errors
    /// Why it cannot; then it is asked no more.
    fn generate(&self, requests: &[Request<'_>]) -> Result<Vec<Vec<u8>>, String>;
}

/// Generators by the names that specs call them.
pub type Generators = BTreeMap<String, Arc<dyn Generator>>;

/// What a generator paints.
#[derive(Clone, Debug)]
pub(crate) enum Scene {
    /// What is open of the image, in the words of the class that it is to look like.
    Open,
    /// All of it from black, whatever the image, in these words.
    Whole(Arc<str>),
}

/// A sample of a generator, as a fill.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    /// The generator's name.
    pub(crate) generator: String,
    /// Which sample.
    pub(crate) sample: u64,
    /// What it is of.
    pub(crate) scene: Scene,
}

impl Painter for Generated {
    fn key(&self) -> String {
        let Self { generator, sample, scene } = self;
        match scene {
            Scene::Open => format!("generated:generator={generator},sample={sample}"),
            Scene::Whole(words) => format!("generated:generator={generator},sample={sample},words={words}"),
        }
    }

    fn reuse(&self) -> Reuse {
        Reuse::Mask
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn paint(&self, image: &HostImage, replaced: &[f32]) -> Result<Vec<f32>, FillError> {
        self.paint_each(image, std::slice::from_ref(&replaced.to_vec())).remove(0)
    }

    fn paint_each(&self, image: &HostImage, masks: &[Vec<f32>]) -> Vec<Result<Vec<f32>, FillError>> {
        match self.all(image, masks) {
            Ok(painted) => painted.into_iter().map(Ok).collect(),
            Err(reason) => {
                vec![Err(FillError::Failed(format!("generator {}: {reason}", self.generator))); masks.len()]
            }
        }
    }
}

impl Generated {
    fn all(&self, image: &HostImage, masks: &[Vec<f32>]) -> Result<Vec<Vec<f32>>, String> {
        let generator = image.generator(&self.generator).ok_or("there is none of this name (--generator)")?;
        let (prompt, bytes, keys) = match &self.scene {
            Scene::Open => {
                (image.prompt().unwrap_or_default(), image.image_bytes(), vec!["inpaint", image.hash()])
            }
            Scene::Whole(words) => (&**words, vec![0; image.pixels().len()], vec!["recognised"]),
        };
        if generator.needs_prompt() && prompt.is_empty() {
            return Err("it needs to be told what is to be seen, and nobody has named a class".to_owned());
        }
        let masks: Vec<Vec<bool>> =
            masks.iter().map(|mask| mask.iter().map(|&share| share > 0.0).collect()).collect();
        let seed = stats::random::generator(image.seed(), &keys, self.sample).random();
        let request = |mask| Request { image: &bytes, size: image.size(), mask, prompt, seed };
        let painted = generator.generate(&masks.iter().map(|mask| request(mask)).collect::<Vec<_>>())?;
        if painted.len() != masks.len() || painted.iter().any(|image| image.len() != bytes.len()) {
            return Err("it gave other images than it was asked for".to_owned());
        }
        Ok(painted.iter().map(|bytes| image.preprocess().normalise_bytes(bytes)).collect())
    }
}
