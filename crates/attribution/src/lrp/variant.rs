//! Changed weights: what a rule's sums are taken over.

use models::network::{Network, Weight};
use models::{NodeId, Op, Tensor};

/// What changes in convolutions and linear layers: weights, then biases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Variant {
    /// Positive parts of both.
    Positive,
    /// Negative parts of both.
    Negative,
    /// Positive weights, no biases.
    PositiveOnly,
    /// Negative weights, no biases.
    NegativeOnly,
    /// Squares of both.
    Square,
    /// Weights of one, no biases.
    Ones,
    /// Positive parts of both count `1 + gamma`.
    MorePositive(f64),
    /// Negative parts of both count `1 + gamma`.
    MoreNegative(f64),
    /// Positive parts of weights count `1 + gamma`; no biases.
    MorePositiveOnly(f64),
    /// Negative parts of weights count `1 + gamma`; no biases.
    MoreNegativeOnly(f64),
}

impl Variant {
    /// A network in which some layers have these weights, and are packed as the given network's are. Other layers keep theirs,
    /// which cost no memory.
    pub(crate) fn of(self, network: &Network, layers: &[NodeId]) -> Network {
        let changed = |weight: &dyn Fn(Tensor<1>) -> Tensor<1>, bias: &dyn Fn(Tensor<1>) -> Tensor<1>| {
            changed(network, layers, weight, bias)
        };
        let more_positive = |gamma: f64| move |x: Tensor<1>| x.clone() + positive(x) * gamma;
        let more_negative = |gamma: f64| move |x: Tensor<1>| x.clone() + negative(x) * gamma;
        let square = |x: Tensor<1>| x.clone() * x;
        let ones = |x: Tensor<1>| x.ones_like();
        let modified = match self {
            Self::Positive => changed(&positive, &positive),
            Self::Negative => changed(&negative, &negative),
            Self::PositiveOnly => changed(&positive, &zero),
            Self::NegativeOnly => changed(&negative, &zero),
            Self::Square => changed(&square, &square),
            Self::Ones => changed(&ones, &zero),
            Self::MorePositive(gamma) => changed(&more_positive(gamma), &more_positive(gamma)),
            Self::MoreNegative(gamma) => changed(&more_negative(gamma), &more_negative(gamma)),
            Self::MorePositiveOnly(gamma) => changed(&more_positive(gamma), &zero),
            Self::MoreNegativeOnly(gamma) => changed(&more_negative(gamma), &zero),
        };
        modified.pack_like(network, layers)
    }
}

/// A network in which some layers have changed weights and biases.
fn changed(
    network: &Network,
    layers: &[NodeId],
    weight: &dyn Fn(Tensor<1>) -> Tensor<1>,
    bias: &dyn Fn(Tensor<1>) -> Tensor<1>,
) -> Network {
    let mut weights: Vec<Weight> = network.weights().to_vec();
    for &layer in layers {
        let op = &network.graph().nodes[layer].op;
        if let Op::Conv2d { weight: w, bias: b, .. } | Op::Linear { weight: w, bias: b } = op {
            weights[*w] = network.weights()[*w].map(weight);
            if let Some(b) = b {
                weights[*b] = network.weights()[*b].map(bias);
            }
        }
    }
    network.with_weights(weights)
}

pub(super) fn positive(x: Tensor<1>) -> Tensor<1> {
    x.clamp_min(0.0)
}

pub(super) fn negative(x: Tensor<1>) -> Tensor<1> {
    x.clamp_max(0.0)
}

fn zero(x: Tensor<1>) -> Tensor<1> {
    x.zeros_like()
}
