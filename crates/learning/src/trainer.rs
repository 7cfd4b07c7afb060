//! Training step by step, so that it can be left and gone on with.

use anyhow::{Result, bail};
use models::{Network, Tensor};
use rand::seq::SliceRandom;

use crate::classifier::{Batch, Epoch, Recipe};
use crate::learner::Learner;
use crate::loss::cross_entropy;
use crate::norm::BatchStatistics;

/// A training between two steps.
pub struct Trainer {
    pub(crate) learner: Learner,
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
        Self::of(Learner::new(network, recipe.rule), images, recipe)
    }

    /// The same of weights of which not all may learn.
    pub fn of(learner: Learner, images: usize, recipe: Recipe) -> Self {
        Self { learner, recipe, images, done: 0, sum: 0.0, losses: Vec::new(), order: None }
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
        self.recipe.rate_of(self.done, self.total())
    }

    /// The network as it is now, and the state of its optimiser.
    pub fn learner(&self) -> &Learner {
        &self.learner
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network {
        &self.learner.network
    }

    /// The network.
    pub fn into_network(self) -> Network {
        self.learner.network
    }

    /// One step of a classifier on the next images, which `load(epoch, images)` prepares; the epoch, if the step was its last.
    /// Running statistics are those of PyTorch's BatchNorm.
    ///
    /// # Errors
    /// If the loss is not finite: the weights are then those before the step.
    ///
    /// # Panics
    /// If no step is left.
    pub fn step(&mut self, load: impl Fn(usize, &[usize]) -> Batch) -> Result<Option<Epoch>> {
        let (device, smoothing) = (self.learner.device.clone(), self.recipe.smoothing);
        self.step_by(|network, hooks, epoch, rows| {
            let batch = load(epoch, rows);
            let logits = network.logits_with(batch.images(&device).autodiff(), hooks);
            cross_entropy(logits, &batch.targets, smoothing)
        })
    }

    /// One step on the next images by any loss ([`Learner::step`]), which is told the epoch and the images; the epoch, if the step
    /// was its last.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    ///
    /// # Panics
    /// If no step is left.
    pub fn step_by(
        &mut self,
        loss: impl FnOnce(&Network, &mut BatchStatistics, usize, &[usize]) -> Tensor<1>,
    ) -> Result<Option<Epoch>> {
        assert!(!self.is_done());
        let (epoch, at, rate) = (self.done / self.per_epoch(), self.done % self.per_epoch(), self.rate());
        let rows = self.rows(epoch, at);
        let value = match self.learner.step(rate, |network, hooks| loss(network, hooks, epoch, &rows)) {
            Ok(value) => value,
            Err(value) => bail!(
                "the loss is {value} in epoch {}, step {}, at a learning rate of {rate:.3e}: a lower one may help",
                epoch + 1,
                at + 1
            ),
        };
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
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::classifier::{accuracy, train};
    use crate::loss::Targets;
    use crate::{Decayed, Optimiser, Rule, Schedule, initialise};
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
            course: None,
            rule: Rule {
                optimiser: Optimiser::AdamW { decay: 0.01, epsilon: 1e-5 },
                decayed: Decayed::All,
                bias_rate: 1.0,
            },
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
        assert_eq!(trainer.done(), 0);
    }
}
