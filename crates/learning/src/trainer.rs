//! Training step by step, so that it can be left and gone on with.

use anyhow::{Result, bail};
use models::network::Weight;
use models::{Device, Network};
use rand::seq::SliceRandom;

use crate::classifier::{Batch, Epoch, Recipe};
use crate::loss::cross_entropy;
use crate::norm::Training;
use crate::optimiser::Steps;

/// A training between two steps.
pub struct Trainer {
    pub(crate) network: Network,
    pub(crate) steps: Steps,
    pub(crate) device: Device,
    recipe: Recipe,
    images: usize,
    pub(crate) done: usize,
    /// Loss times images, over the epoch so far.
    pub(crate) sum: f64,
    /// Mean losses of the epochs behind.
    pub(crate) losses: Vec<f64>,
    /// The order of the images in the epoch that has it.
    order: Option<(usize, Vec<usize>)>,
}

impl Trainer {
    /// Before the first step on images `0..images`.
    pub fn new(network: Network, images: usize, recipe: Recipe) -> Self {
        let steps = recipe.optimiser.start(network.graph(), recipe.decayed);
        let device = network.weights().first().map_or_else(|| models::device::cpu().device, Weight::device);
        Self { network, steps, device, recipe, images, done: 0, sum: 0.0, losses: Vec::new(), order: None }
    }

    /// Steps in an epoch.
    pub fn per_epoch(&self) -> usize {
        self.images.div_ceil(self.recipe.batch)
    }

    /// Steps in all.
    pub fn total(&self) -> usize {
        self.recipe.epochs * self.per_epoch()
    }

    /// Steps that are behind.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Images that all steps together still have to see.
    pub fn images_left(&self) -> usize {
        let (epochs, steps) = (self.done / self.per_epoch(), self.done % self.per_epoch());
        self.recipe.epochs * self.images - epochs * self.images - steps * self.recipe.batch
    }

    /// Whether no step is left.
    pub fn is_done(&self) -> bool {
        self.done >= self.total()
    }

    /// The mean loss of each epoch that is behind.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// Mean loss over the images of this epoch so far; nothing between epochs.
    pub fn loss(&self) -> Option<f64> {
        let seen = self.done % self.per_epoch() * self.recipe.batch;
        (seen > 0).then(|| self.sum / seen as f64)
    }

    /// The learning rate of the next step.
    pub fn rate(&self) -> f64 {
        self.recipe.schedule.rate(self.recipe.rate, self.done, self.total())
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network.
    pub fn into_network(self) -> Network {
        self.network
    }

    /// One step on the next images, which `load(epoch, images)` prepares; the epoch, if the step was its last. Running
    /// statistics are those of PyTorch's BatchNorm.
    ///
    /// # Errors
    /// If the loss is not finite: the weights are then those before the step.
    ///
    /// # Panics
    /// If no step is left.
    pub fn step(&mut self, load: impl Fn(usize, &[usize]) -> Batch) -> Result<Option<Epoch>> {
        assert!(!self.is_done());
        let (epoch, at) = (self.done / self.per_epoch(), self.done % self.per_epoch());
        let rows = self.rows(epoch, at);
        let batch = load(epoch, &rows);
        let (tracked, mut hooks) = (self.network.tracked(), Training::default());
        let logits = tracked.logits_with(batch.images(&self.device).autodiff(), &mut hooks);
        let loss = cross_entropy(logits, &batch.targets, self.recipe.smoothing);
        let value = f64::from(loss.clone().into_scalar::<f32>());
        if !value.is_finite() {
            let (epoch, step, rate) = (epoch + 1, at + 1, self.rate());
            bail!(
                "the loss is {value} in epoch {epoch}, step {step}, at a learning rate of {rate:.3e}: a lower one may help"
            );
        }
        let weights = self.steps.step(self.rate(), &tracked, &mut loss.backward());
        self.network = hooks.update(&self.network.with_weights(weights));
        self.sum += value * rows.len() as f64;
        self.done += 1;
        Ok(self.done.is_multiple_of(self.per_epoch()).then(|| self.finish(epoch)))
    }

    fn finish(&mut self, epoch: usize) -> Epoch {
        let loss = std::mem::take(&mut self.sum) / self.images as f64;
        self.losses.push(loss);
        Epoch { number: epoch + 1, loss }
    }

    /// The images of a step: each epoch has an order of its own.
    fn rows(&mut self, epoch: usize, at: usize) -> Vec<usize> {
        if self.order.as_ref().is_none_or(|(of, _)| *of != epoch) {
            let mut order: Vec<usize> = (0..self.images).collect();
            order.shuffle(&mut stats::random::generator(self.recipe.seed, &["order"], epoch as u64));
            self.order = Some((epoch, order));
        }
        let order = &self.order.as_ref().expect("made above").1;
        order[at * self.recipe.batch..].iter().take(self.recipe.batch).copied().collect()
    }

    /// The name of a weight that is not finite, if there is one.
    pub fn broken(&self) -> Option<&str> {
        let is_broken = |weight: &Weight| weight.data().iter::<f32>().any(|number| !number.is_finite());
        let at = self.network.weights().iter().position(is_broken)?;
        Some(&self.network.graph().parameters[at].name)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::classifier::{accuracy, train};
    use crate::loss::Targets;
    use crate::{Decayed, Optimiser, Schedule, initialise};
    use models::zoo::cifar_resnet::CifarResNet;

    /// Dark images are class 0, bright ones class 1.
    pub(crate) fn load(rows: &[usize]) -> Batch {
        let pixels = rows.iter().flat_map(|row| {
            let level = if row % 2 == 0 { -1.0 } else { 1.0 };
            (0..3 * 64).map(move |i| level + (i * (row + 3) % 7) as f32 / 7.0)
        });
        Batch {
            pixels: pixels.collect(),
            shape: [rows.len(), 3, 8, 8],
            targets: Targets::Classes(rows.iter().map(|r| r % 2).collect()),
        }
    }

    pub(crate) fn recipe(rate: f64) -> Recipe {
        Recipe {
            epochs: 6,
            batch: 16,
            rate,
            schedule: Schedule::WarmUpCosine { warm_up: 0.2 },
            optimiser: Optimiser::AdamW { decay: 0.01, epsilon: 1e-5 },
            decayed: Decayed::All,
            smoothing: 0.0,
            seed: 0,
        }
    }

    pub(crate) fn first() -> Network {
        let graph = CifarResNet { blocks: 1, width: 4, stem_stride: 1 }.graph(2);
        initialise(graph, 0, &models::device::cpu().device)
    }

    fn numbers(network: &Network) -> Vec<Vec<f32>> {
        network.weights().iter().map(|weight| weight.data().try_into_vec().unwrap()).collect()
    }

    #[test]
    fn it_learns_and_equal_runs_give_equal_weights() {
        let trained = || train(first(), 70, &recipe(0.02), |_, rows| load(rows), |_| {}).unwrap();
        let network = trained();
        let batch = std::iter::once(load(&[100, 101, 102, 103]));
        assert_eq!(accuracy(&network, batch, &models::device::cpu().device), 1.0);
        assert_eq!(numbers(&network), numbers(&trained()));
    }

    #[test]
    fn what_is_left_is_counted() {
        let mut trainer = Trainer::new(first(), 70, recipe(0.02));
        assert_eq!((trainer.per_epoch(), trainer.total(), trainer.images_left()), (5, 30, 420));
        let mut seen = 0;
        while !trainer.is_done() {
            assert_eq!(trainer.images_left(), 420 - seen);
            let epoch = trainer.step(|_, rows| load(rows)).unwrap();
            seen = 420 - trainer.images_left();
            assert_eq!(epoch.is_some(), trainer.done().is_multiple_of(5));
            assert_eq!(trainer.loss().is_none(), epoch.is_some());
        }
        assert_eq!((seen, trainer.losses().len()), (420, 6));
    }

    #[test]
    fn a_loss_that_is_none_stops_and_changes_nothing() {
        let mut trainer = Trainer::new(first(), 64, recipe(0.02));
        let mut broken = load(&[0, 1]);
        broken.pixels[5] = f32::NAN;
        let before = numbers(trainer.network());
        let error = trainer.step(|_, _| broken.clone()).unwrap_err().to_string();
        assert!(error.starts_with("the loss is NaN in epoch 1, step 1, at a learning rate of 0"), "{error}");
        assert_eq!(numbers(trainer.network()), before);
        assert_eq!((trainer.done(), trainer.broken()), (0, None));
    }
}
