//! A network that learns: its weights and the state of its optimiser, step by step, by any loss.

use models::graph::{Graph, Op, ParameterId};
use models::network::Weight;
use models::{Device, Network, Tensor};

use crate::norm::BatchStatistics;
use crate::optimiser::{Decayed, Optimiser, Steps};

/// A network and the state of its optimiser.
#[derive(Clone)]
pub struct Learner {
    pub(crate) network: Network,
    pub(crate) steps: Steps,
    pub(crate) device: Device,
    trained: Vec<bool>,
}

/// Which weights change, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Who changes them.
    pub optimiser: Optimiser,
    /// Which of them decay.
    pub decayed: Decayed,
    /// Times the rate, that of biases and shifts.
    pub bias_rate: f64,
}

impl Learner {
    /// Before its first step. All weights learn but the running statistics of BatchNorm, which no loss changes.
    pub fn new(network: Network, rule: Rule) -> Self {
        let steps = rule.optimiser.start(network.graph(), rule);
        let device = network.weights().first().map_or_else(|| models::device::cpu().device, Weight::device);
        let mut trained = vec![true; network.weights().len()];
        for id in statistics(network.graph()) {
            trained[id] = false;
        }
        Self { network, steps, device, trained }
    }

    /// The same where only some weights learn.
    #[must_use]
    pub fn only(mut self, learns: impl Fn(ParameterId) -> bool) -> Self {
        for (id, trained) in self.trained.iter_mut().enumerate() {
            *trained &= learns(id);
        }
        self
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network with the weights that learn tracked, for a loss to be made of it.
    #[must_use]
    pub fn tracked(&self) -> Network {
        self.network.tracked_where(|id| self.trained[id])
    }

    /// One step of this rate by the loss that was made of the network that is [`Learner::tracked`]; the loss as a number.
    ///
    /// # Errors
    /// The loss, if it is not finite: the weights are then those before the step.
    pub fn descend(&mut self, rate: f64, tracked: &Network, loss: Tensor<1>) -> Result<f64, f64> {
        let value = f64::from(loss.clone().into_scalar::<f32>());
        if !value.is_finite() {
            return Err(value);
        }
        let weights = self.steps.step(rate, tracked, &mut loss.backward());
        self.network = self.network.with_weights(weights);
        Ok(value)
    }

    /// Both at once. Where the function that makes the loss runs the network with the hooks that it gets, BatchNorm runs on the
    /// statistics of the batch and remembers them; without, on those that are stored.
    ///
    /// # Errors
    /// As [`Learner::descend`].
    pub fn step(
        &mut self,
        rate: f64,
        loss: impl FnOnce(&Network, &mut BatchStatistics) -> Tensor<1>,
    ) -> Result<f64, f64> {
        let (tracked, mut hooks) = (self.tracked(), BatchStatistics::default());
        let loss = loss(&tracked, &mut hooks);
        let value = self.descend(rate, &tracked, loss)?;
        self.network = hooks.update(&self.network);
        Ok(value)
    }
}

/// The running means and variances of a graph.
fn statistics(graph: &Graph) -> impl Iterator<Item = ParameterId> {
    let of = |op: &Op| {
        if let Op::BatchNorm2d { mean, variance, .. } = *op { vec![mean, variance] } else { vec![] }
    };
    graph.nodes.iter().flat_map(move |node| of(&node.op))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trainer::tests::{first, load};

    fn numbers(network: &Network) -> Vec<Vec<f32>> {
        network.weights().iter().map(|weight| weight.data().try_into_vec().unwrap()).collect()
    }

    fn rule() -> Rule {
        let optimiser = Optimiser::Sgd { momentum: 0.0, decay: 0.1 };
        Rule { optimiser, decayed: Decayed::NoBiases, bias_rate: 2.0 }
    }

    fn step(learner: &mut Learner) {
        let batch = load(&[0, 1, 2, 3]);
        let loss = |network: &Network, _: &mut BatchStatistics| {
            let images = batch.images(&models::device::cpu().device).autodiff();
            crate::cross_entropy(network.logits(images), &batch.targets, 0.0)
        };
        learner.step(0.1, loss).unwrap();
    }

    #[test]
    fn only_what_learns_changes_and_stored_statistics_stay() {
        let mut learner = Learner::new(first(), rule());
        let name = |id: ParameterId| learner.network().graph().parameters[id].name.clone();
        let names: Vec<String> = (0..learner.network().weights().len()).map(name).collect();
        let before = numbers(learner.network());
        learner = learner.only(|id| !names[id].starts_with("layer2"));
        step(&mut learner);
        for ((before, after), name) in before.iter().zip(numbers(learner.network())).zip(&names) {
            let stays = name.starts_with("layer2") || name.contains("running");
            assert_eq!(before == &after, stays, "{name}");
        }
    }

    /// With rates that differ by a factor the steps of plain descent do as well; biases do not decay.
    #[test]
    fn biases_have_a_rate_of_their_own() {
        let steps = [1.0, 3.0].map(|bias_rate| {
            let mut learner = Learner::new(first(), Rule { bias_rate, ..rule() });
            step(&mut learner);
            numbers(learner.network())
        });
        let (network, before) = (first(), numbers(&first()));
        for (id, parameter) in network.graph().parameters.iter().enumerate() {
            let factor = if parameter.name.ends_with("bias") { 3.0 } else { 1.0 };
            for (at, before) in before[id].iter().enumerate() {
                let (one, other) = (steps[0][id][at] - before, steps[1][id][at] - before);
                assert!((one * factor - other).abs() < 1e-6, "{}: {one}, {other}", parameter.name);
            }
        }
    }
}
