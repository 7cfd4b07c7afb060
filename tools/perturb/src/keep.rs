//! `--keep`: what the classifier is shown, in packs, and what the rows say about it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use anyhow::Result;
use perturbation::{HostImage, Keeper};
use pipe::{Extra, KEPT_COLUMNS, KeptPack};

/// Features are not counted where they are nearer to 0 than this share of the largest: what rounding leaves there is large in relation.
const LEAST: f32 = 1e-6;

/// The images of one map, on their way to the disk.
#[derive(Debug)]
pub struct Images {
    host: Arc<HostImage>,
    pack: KeptPack,
    /// For each input of the plan whether it is kept.
    wanted: Vec<bool>,
    /// Why they cannot be written.
    error: Option<anyhow::Error>,
    /// Of each image.
    distances: Vec<f64>,
    logits: Vec<Vec<f32>>,
    features: Vec<Vec<f32>>,
}

/// Where the images of a map are.
#[derive(Debug, Default)]
pub struct Found {
    path: PathBuf,
    /// The place of each input of the plan that was kept.
    places: Vec<Option<usize>>,
    distances: Vec<f64>,
    logits: Vec<f64>,
    features: Vec<f64>,
}

impl Images {
    /// Images that are made from one: the inputs of a plan that are wanted.
    pub fn new(folder: &Path, host: &Arc<HostImage>, wanted: Vec<bool>) -> Rc<RefCell<Self>> {
        let [height, width] = host.size();
        let pack = KeptPack::new(folder, [host.preprocess().channels.count(), height, width]);
        let (distances, logits, features) = Default::default();
        let host = Arc::clone(host);
        Rc::new(RefCell::new(Self { host, pack, wanted, error: None, distances, logits, features }))
    }

    /// Ends the pack; `clean` are the scores of the clean image, and its features.
    ///
    /// # Errors
    ///
    /// If an image could not be written.
    pub fn finish(self, clean: [&[f32]; 2]) -> Result<Found> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let distance =
            |logits: &Vec<f32>| norm(logits.iter().zip(clean[0]).map(|(a, b)| f64::from(*a) - f64::from(*b)));
        let logits = self.logits.iter().map(distance).collect();
        let least = LEAST * clean[1].iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
        // Of a network without such features nothing is known.
        let change = |features: &Vec<f32>| {
            if features.is_empty() { f64::NAN } else { relative(clean[1], features, least) }
        };
        let features = self.features.iter().map(change).collect();
        let mut next = 0..;
        let places = self.wanted.iter().map(|wanted| if *wanted { next.next() } else { None }).collect();
        let path = self.pack.finish()?.unwrap_or_default();
        Ok(Found { path, places, distances: self.distances, logits, features })
    }
}

impl Keeper for Images {
    fn wants(&self, input: usize) -> bool {
        self.wanted[input]
    }

    fn keep(&mut self, image: &[f32], logits: &[f32], features: &[f32]) {
        if self.error.is_none() {
            self.error = self.pack.push(image).err();
        }
        self.distances.push(relative(self.host.pixels(), image, 0.0));
        self.logits.push(logits.to_vec());
        self.features.push(features.to_vec());
    }
}

/// The norm of (x' - x) / x over the numbers of x that are farther from 0 than `least`.
fn relative(clean: &[f32], other: &[f32], least: f32) -> f64 {
    let all = clean.iter().zip(other).filter(|(clean, _)| clean.abs() > least);
    norm(all.map(|(clean, other)| (f64::from(*other) - f64::from(*clean)) / f64::from(*clean)))
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

impl Found {
    /// Says in a row where an input's image is, and how far from the clean one; the clean one itself is not kept.
    pub fn tell(&self, extra: &mut Extra, input: Option<usize>) {
        let cell = |values: &[f64], at: usize| {
            let value = values.get(at).copied().filter(|value| value.is_finite());
            value.map(|value| pipe::from_f32(value as f32).to_string()).unwrap_or_default()
        };
        let cells = match input.and_then(|input| self.places[input]) {
            Some(at) => [
                self.path.display().to_string(),
                at.to_string(),
                cell(&self.distances, at),
                cell(&self.logits, at),
                cell(&self.features, at),
            ],
            None => Default::default(),
        };
        for (name, cell) in KEPT_COLUMNS.into_iter().zip(cells) {
            extra.set(name, cell);
        }
    }
}
