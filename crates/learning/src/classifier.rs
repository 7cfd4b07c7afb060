//! Training a classifier: AdamW, a one-cycle learning rate, cross-entropy.

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::log_softmax;
use models::{Device, Int, Network, Tensor, TensorData};
use rand::seq::SliceRandom;

use crate::norm::Training;

/// How to train.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images in a step.
    pub batch: usize,
    /// Highest learning rate, reached after `warm_up` of all steps; from there half a cosine down to zero.
    pub rate: f64,
    /// Share of the steps in which the rate grows from zero.
    pub warm_up: f64,
    /// Decoupled weight decay.
    pub decay: f32,
    /// Seed of the order of the images.
    pub seed: u64,
}

/// Normalised images and their classes.
pub struct Batch {
    /// `(n, 3, h, w)` in row-major order.
    pub pixels: Vec<f32>,
    /// `(n, 3, h, w)`.
    pub shape: [usize; 4],
    /// The class of each.
    pub labels: Vec<usize>,
}

/// What is known after an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    /// Counted from 1.
    pub number: usize,
    /// Mean cross-entropy over the epoch.
    pub loss: f32,
}

/// Trains on images `0..images`, which `load(epoch, images)` prepares in batches, and returns the network on
/// the plain device. The order of the images is drawn from the seed, so equal calls give equal weights.
pub fn train(
    network: Network,
    images: usize,
    recipe: &Recipe,
    load: impl Fn(usize, &[usize]) -> Batch,
    mut watch: impl FnMut(Epoch, &Network),
) -> Network {
    let device = network.devices()[0].clone().inner();
    let mut network = network.train();
    let mut optimiser = AdamWConfig::new().with_weight_decay(recipe.decay).init();
    let per_epoch = images.div_ceil(recipe.batch);
    for epoch in 0..recipe.epochs {
        let mut order: Vec<usize> = (0..images).collect();
        order.shuffle(&mut stats::random::generator(recipe.seed, &["order"], epoch as u64));
        let mut sum = 0.0;
        for (step, rows) in order.chunks(recipe.batch).enumerate() {
            let done = (epoch * per_epoch + step) as f64 / (recipe.epochs * per_epoch) as f64;
            let batch = load(epoch, rows);
            let mut hooks = Training::default();
            let logits = network.logits_with(pixels(&batch, &device).autodiff(), &mut hooks);
            let loss = cross_entropy(logits, &batch.labels);
            sum += loss.clone().into_scalar::<f32>() * rows.len() as f32;
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimiser.step(rate(recipe, done), network, gradients);
            network = hooks.update(&network);
        }
        watch(Epoch { number: epoch + 1, loss: sum / images as f32 }, &network.valid());
    }
    network.valid()
}

/// The share of images whose highest score is their label's.
pub fn accuracy(network: &Network, batches: impl Iterator<Item = Batch>, device: &Device) -> f64 {
    let (mut right, mut all) = (0, 0);
    for batch in batches {
        let best = network.logits(pixels(&batch, device)).argmax(1).into_data();
        right +=
            best.iter::<i64>().zip(&batch.labels).filter(|(best, label)| *best == **label as i64).count();
        all += batch.labels.len();
    }
    right as f64 / all as f64
}

/// The learning rate when a share `done` of the steps is behind.
fn rate(recipe: &Recipe, done: f64) -> f64 {
    if done < recipe.warm_up {
        return recipe.rate * done / recipe.warm_up;
    }
    let rest = (done - recipe.warm_up) / (1.0 - recipe.warm_up);
    recipe.rate * (1.0 + (std::f64::consts::PI * rest).cos()) / 2.0
}

fn pixels(batch: &Batch, device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(batch.pixels.clone(), batch.shape), device)
}

/// Mean over the batch of `-log p(label)`.
fn cross_entropy(logits: Tensor<2>, labels: &[usize]) -> Tensor<1> {
    let classes: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
    let classes = TensorData::new(classes, [labels.len(), 1]);
    let classes = Tensor::<2, Int>::from_data(classes, &logits.device());
    log_softmax(logits, 1).gather(1, classes).mean().neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::initialise;
    use models::zoo::cifar_resnet::CifarResNet;

    /// Dark images are class 0, bright ones class 1.
    fn load(rows: &[usize]) -> Batch {
        let pixels = rows.iter().flat_map(|row| {
            let level = if row % 2 == 0 { -1.0 } else { 1.0 };
            (0..3 * 64).map(move |i| level + (i * (row + 3) % 7) as f32 / 7.0)
        });
        Batch {
            pixels: pixels.collect(),
            shape: [rows.len(), 3, 8, 8],
            labels: rows.iter().map(|r| r % 2).collect(),
        }
    }

    fn trained() -> Network {
        let device = models::device::cpu().device;
        let graph = CifarResNet { blocks: 1, width: 4, stem_stride: 1 }.graph(2);
        let recipe = Recipe { epochs: 6, batch: 16, rate: 0.02, warm_up: 0.2, decay: 0.01, seed: 0 };
        train(initialise(graph, 0, &device), 64, &recipe, |_, rows| load(rows), |_, _| {})
    }

    #[test]
    fn it_learns_and_equal_runs_give_equal_weights() {
        let network = trained();
        let batch = std::iter::once(load(&[100, 101, 102, 103]));
        assert_eq!(accuracy(&network, batch, &models::device::cpu().device), 1.0);
        let numbers = |network: &Network| network.weights()[0].data().try_into_vec::<f32>().unwrap();
        assert_eq!(numbers(&network), numbers(&trained()));
    }

    #[test]
    fn the_rate_rises_and_falls() {
        let recipe = Recipe { epochs: 1, batch: 1, rate: 1.0, warm_up: 0.25, decay: 0.0, seed: 0 };
        assert_eq!(rate(&recipe, 0.0), 0.0);
        assert_eq!(rate(&recipe, 0.25), 1.0);
        assert!(rate(&recipe, 0.99) < 0.01);
    }
}
