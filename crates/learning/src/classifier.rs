//! What a classifier is trained on and how, and how often it is right.

use burn::tensor::TensorData;
use models::{Device, Network, Tensor};

use crate::learner::Rule;
use crate::loss::Targets;
use crate::schedule::Schedule;
use crate::trainer::Trainer;

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images in a step; the last step of an epoch has what is left.
    pub batch: usize,
    /// Highest learning rate.
    pub rate: f64,
    /// How the rate gets there and goes away.
    pub schedule: Schedule,
    /// Steps of the whole schedule, where they are others than those of the training.
    pub course: Option<usize>,
    /// Which weights change, and how.
    pub rule: Rule,
    /// Share of each target that is spread over all classes.
    pub smoothing: f32,
    /// Seed of the order of the images.
    pub seed: u64,
}

/// Normalised images and what they are.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `(n, c, h, w)` in row-major order.
    pub pixels: Vec<f32>,
    /// `(n, c, h, w)`.
    pub shape: [usize; 4],
    /// The target of each.
    pub targets: Targets,
}

/// What is known after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Counted from 1.
    pub number: usize,
    /// Mean loss over the images of the epoch, each before the step that it was part of.
    pub loss: f64,
}

impl Recipe {
    /// The rate of a step of a training of `total`, counted from 0; behind the schedule's end that of its end.
    pub fn rate_of(&self, step: usize, total: usize) -> f64 {
        let course = self.course.unwrap_or(total);
        self.schedule.rate(self.rate, step.min(course), course)
    }
}

impl Batch {
    /// The images as a tensor.
    pub fn images(&self, device: &Device) -> Tensor<4> {
        Tensor::from_data(TensorData::new(self.pixels.clone(), self.shape), device)
    }
}

/// Trains on images `0..images`, which `load(epoch, images)` prepares in batches, and returns the network on
/// the plain device. The order of the images is drawn from the seed, so equal calls give equal weights.
///
/// # Errors
/// If the loss is not finite any more.
pub fn train(
    network: Network,
    images: usize,
    recipe: &Recipe,
    load: impl Fn(usize, &[usize]) -> Batch,
    mut watch: impl FnMut(Epoch),
) -> anyhow::Result<Network> {
    let mut trainer = Trainer::new(network, images, *recipe);
    while !trainer.is_done() {
        if let Some(epoch) = trainer.step(&load)? {
            watch(epoch);
        }
    }
    Ok(trainer.into_network())
}

/// The share of images whose highest score is their label's.
pub fn accuracy(network: &Network, batches: impl Iterator<Item = Batch>, device: &Device) -> f64 {
    let (mut right, mut all) = (0, 0);
    for batch in batches {
        let Targets::Classes(labels) = &batch.targets else { continue };
        let best = network.logits(batch.images(device)).argmax(1).into_data();
        right += best.iter::<i64>().zip(labels).filter(|(best, label)| *best == **label as i64).count();
        all += labels.len();
    }
    right as f64 / all as f64
}
