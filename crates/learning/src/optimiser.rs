//! burn's optimisers, one state for each weight of a network, under the weight's name.

use std::collections::BTreeMap;

use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamWConfig, Optimizer, RecordState, SgdConfig, StateSink, StateSource};
use burn::tensor::Gradients;
use models::graph::{Graph, Parameter};
use models::network::Weight;
use models::{Device, Network, Tensor, TensorData};

use crate::learner::Rule;

/// Which optimiser, and its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimiser {
    /// Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019, with moments of 0.9 and 0.999.
    AdamW {
        /// Share of a weight that is taken away in each step, times the rate.
        decay: f32,
        /// Added to the root of the second moment.
        epsilon: f32,
    },
    /// Stochastic gradient descent with Nesterov's momentum (Sutskever et al. 2013), as in PyTorch: the decay is part of the
    /// gradient.
    Sgd {
        /// Share of the velocity that stays.
        momentum: f64,
        /// Times the weight, added to its gradient.
        decay: f32,
    },
}

/// Which weights decay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decayed {
    /// All of them.
    All,
    /// Matrices and kernels: no bias, no scale or shift of a normalisation, no token and no position embedding.
    Matrices,
    /// All but biases and shifts.
    NoBiases,
}

/// An optimiser at work on one network.
#[derive(Clone)]
pub(crate) struct Steps {
    states: Box<dyn States>,
    /// Of each weight what its rate is multiplied by.
    factors: Vec<f64>,
}

/// The state of an optimiser: numbers by name, and counts.
#[derive(Default)]
pub(crate) struct Stored {
    pub(crate) tensors: Vec<(String, TensorData)>,
    pub(crate) counts: Vec<(String, u64)>,
}

/// An optimiser of burn with the state of each weight, which it sees as a vector.
trait States: Send + Sync {
    fn boxed_clone(&self) -> Box<dyn States>;
    fn step(&mut self, at: usize, rate: f64, weight: Tensor<1>, gradient: Tensor<1>) -> Tensor<1>;
    fn store(&self, names: &[Parameter]) -> Stored;
    fn restore(&mut self, names: &[Parameter], stored: Stored, device: &Device);
}

impl Clone for Box<dyn States> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

#[derive(Clone)]
struct WithStates<O: Optimizer> {
    decaying: O,
    lasting: O,
    decays: Vec<bool>,
    states: Vec<Option<O::State<1>>>,
}

impl Optimiser {
    /// The optimiser before its first step on a network of this graph.
    pub(crate) fn start(self, graph: &Graph, rule: Rule) -> Steps {
        let parameters = &graph.parameters;
        let decays: Vec<bool> = parameters.iter().map(|parameter| rule.decayed.holds(parameter)).collect();
        let factor = |parameter| if is_bias(parameter) { rule.bias_rate } else { 1.0 };
        let factors = parameters.iter().map(factor).collect();
        let states = match self {
            Self::AdamW { decay, epsilon } => {
                let with = |decay| AdamWConfig::new().with_epsilon(epsilon).with_weight_decay(decay).build();
                WithStates::boxed(with(decay), with(0.0), decays)
            }
            Self::Sgd { momentum, decay } => {
                let momentum = MomentumConfig { momentum, dampening: 0.0, nesterov: true };
                let with = |decay: Option<f32>| {
                    let decay = decay.map(|penalty| WeightDecayConfig { penalty });
                    SgdConfig::new().with_momentum(Some(momentum.clone())).with_weight_decay(decay).build()
                };
                WithStates::boxed(with(Some(decay)), with(None), decays)
            }
        };
        Steps { states, factors }
    }
}

impl Decayed {
    fn holds(self, parameter: &Parameter) -> bool {
        match self {
            Self::All => true,
            Self::Matrices => matches!(parameter.shape.len(), 2 | 4),
            Self::NoBiases => !is_bias(parameter),
        }
    }
}

/// Whether a tensor is added to what comes of a layer, as all frameworks call it.
fn is_bias(parameter: &Parameter) -> bool {
    parameter.name.rsplit('.').next() == Some("bias")
}

impl Steps {
    /// One step of all weights of a tracked network that have a gradient; the result is on the plain device.
    pub(crate) fn step(&mut self, rate: f64, tracked: &Network, gradients: &mut Gradients) -> Vec<Weight> {
        let weights = tracked.weights().iter().enumerate();
        let step = |(at, weight): (usize, &Weight)| match weight {
            Weight::Vector(param) => Weight::Vector(self.one(at, rate, param.val(), gradients)),
            Weight::Matrix(param) => Weight::Matrix(self.one(at, rate, param.val(), gradients)),
            Weight::Kernel(param) => Weight::Kernel(self.one(at, rate, param.val(), gradients)),
        };
        weights.map(step).collect()
    }

    fn one<const D: usize>(
        &mut self,
        at: usize,
        rate: f64,
        leaf: Tensor<D>,
        gradients: &mut Gradients,
    ) -> burn::module::Param<Tensor<D>> {
        if !leaf.device().is_autodiff() {
            return burn::module::Param::from_tensor(leaf);
        }
        let (shape, gradient) = (leaf.dims(), leaf.grad_remove(gradients));
        let weight = leaf.inner();
        let count = [shape.iter().product::<usize>()];
        let weight = match gradient {
            Some(gradient) => {
                let rate = rate * self.factors[at];
                self.states.step(at, rate, weight.reshape(count), gradient.reshape(count)).reshape(shape)
            }
            None => weight,
        };
        burn::module::Param::from_tensor(weight)
    }

    /// The state, under the weights' names.
    pub(crate) fn store(&self, graph: &Graph) -> Stored {
        self.states.store(&graph.parameters)
    }

    /// Takes a state over. A weight of which nothing is stored has had no step yet.
    pub(crate) fn restore(&mut self, graph: &Graph, stored: Stored, device: &Device) {
        self.states.restore(&graph.parameters, stored, device);
    }
}

impl<O: Optimizer> WithStates<O> {
    fn boxed(decaying: O, lasting: O, decays: Vec<bool>) -> Box<dyn States> {
        let states = decays.iter().map(|_| None).collect();
        Box::new(Self { decaying, lasting, decays, states })
    }
}

impl<O: Optimizer> States for WithStates<O> {
    fn boxed_clone(&self) -> Box<dyn States> {
        Box::new(self.clone())
    }

    fn step(&mut self, at: usize, rate: f64, weight: Tensor<1>, gradient: Tensor<1>) -> Tensor<1> {
        let optimiser = if self.decays[at] { &self.decaying } else { &self.lasting };
        let (weight, state) = optimiser.step(rate, weight, gradient, self.states[at].take());
        self.states[at] = state;
        weight
    }

    fn store(&self, names: &[Parameter]) -> Stored {
        let mut sink = StateSink::default();
        for (parameter, state) in names.iter().zip(&self.states) {
            if let Some(state) = state {
                state.state_flatten(&parameter.name, &mut sink);
            }
        }
        let count = |(name, scalar)| (name, u64::try_from(scalar).unwrap_or_default());
        Stored { tensors: sink.tensors, counts: sink.scalars.into_iter().map(count).collect() }
    }

    fn restore(&mut self, names: &[Parameter], stored: Stored, device: &Device) {
        let counts: BTreeMap<String, _> =
            stored.counts.into_iter().map(|(name, count)| (name, count.into())).collect();
        let mut source = StateSource::new(counts);
        for (name, numbers) in stored.tensors {
            source.insert_tensor(name, numbers);
        }
        for (parameter, state) in names.iter().zip(&mut self.states) {
            *state = source
                .has_under(&parameter.name)
                .then(|| O::State::<1>::state_unflatten(&parameter.name, &mut source, device))
                .flatten();
        }
    }
}
