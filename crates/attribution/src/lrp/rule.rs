//! The rules of layer-wise relevance propagation for convolutions and linear layers (Bach et al. 2015; Montavon
//! et al., "Layer-Wise Relevance Propagation: An Overview", 2019, table 10.1).
//!
//! Every rule has the form `R_in = sum_k x_k * W_k^T (R / sum_k W_k x_k)`, with `W_k` and `x_k` changed
//! modified of the weights and the inputs.

use std::cell::OnceCell;

use models::network::walk::{Step, Tracked};
use models::network::{Network, Weight};
use models::{Op, Tensor, Value};

/// How a convolution or a linear layer hands relevance back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    /// LRP-epsilon: every contribution `w x` in proportion; epsilon is added to the denominator with its sign.
    Epsilon(f64),
    /// LRP-gamma in its form for inputs of both signs: contributions of the output's own sign count `1 + gamma`.
    Gamma(f64),
    /// Positive contributions times alpha less negative ones times beta, each in proportion to its own sum.
    AlphaBeta(f64, f64),
    /// Positive contributions in proportion, biases left out; the number is added to the denominator.
    PositivePart(f64),
    /// Positive inputs times positive weights in proportion, biases left out.
    Excitation,
    /// Inputs do not matter, squared weights do.
    WSquare,
    /// Inputs and weights do not matter, biases are left out.
    Flat,
    /// For pixels between two bounds: `w x - w+ low - w- high`.
    ZBox,
    /// Alpha 1, beta 0 as in the code of the Coherency study: no biases, and positive and negative inputs each
    /// have a denominator of their own.
    Apart,
}

/// Keeps denominators away from zero.
const STABILISER: f64 = 1e-6;

/// Changed weights of a network's convolutions and linear layers, each made when a rule first needs it.
pub(crate) struct ModifiedWeights<'a> {
    network: &'a Network,
    gamma: f64,
    made: [OnceCell<Network>; 10],
}

/// What changes: weights, then biases.
#[derive(Clone, Copy)]
enum Variant {
    Positive,
    Negative,
    /// Positive or negative weights, no biases.
    PositiveOnly,
    NegativeOnly,
    Square,
    /// Weights of one, no biases.
    Ones,
    /// Positive or negative parts count `1 + gamma`; the last two without biases.
    MorePositive,
    MoreNegative,
    MorePositiveOnly,
    MoreNegativeOnly,
}

/// A network whose convolutions and linear layers have changed weights and biases.
fn changed(
    network: &Network,
    weight: impl Fn(Tensor<1>) -> Tensor<1>,
    bias: impl Fn(Tensor<1>) -> Tensor<1>,
) -> Network {
    let mut weights: Vec<Weight> = network.weights().to_vec();
    for node in &network.graph().nodes {
        if let Op::Conv2d { weight: w, bias: b, .. } | Op::Linear { weight: w, bias: b } = &node.op {
            weights[*w] = network.weights()[*w].map(&weight);
            if let Some(b) = b {
                weights[*b] = network.weights()[*b].map(&bias);
            }
        }
    }
    network.with_weights(weights)
}

fn positive(x: Tensor<1>) -> Tensor<1> {
    x.clamp_min(0.0)
}

fn negative(x: Tensor<1>) -> Tensor<1> {
    x.clamp_max(0.0)
}

fn zero(x: Tensor<1>) -> Tensor<1> {
    x.zeros_like()
}

impl<'a> ModifiedWeights<'a> {
    /// The changed weights that a set of rules may need.
    pub(crate) fn new(network: &'a Network, rules: &[Rule]) -> Self {
        let gamma =
            rules.iter().find_map(|rule| if let Rule::Gamma(gamma) = rule { Some(*gamma) } else { None });
        Self { network, gamma: gamma.unwrap_or(0.0), made: Default::default() }
    }

    fn get(&self, variant: Variant) -> &Network {
        let gamma = self.gamma;
        let more_positive = |x: Tensor<1>| x.clone() + positive(x) * gamma;
        let more_negative = |x: Tensor<1>| x.clone() + negative(x) * gamma;
        let square = |x: Tensor<1>| x.clone() * x;
        let ones = |x: Tensor<1>| x.ones_like();
        self.made[variant as usize].get_or_init(|| match variant {
            Variant::Positive => changed(self.network, positive, positive),
            Variant::Negative => changed(self.network, negative, negative),
            Variant::PositiveOnly => changed(self.network, positive, zero),
            Variant::NegativeOnly => changed(self.network, negative, zero),
            Variant::Square => changed(self.network, square, square),
            Variant::Ones => changed(self.network, ones, zero),
            Variant::MorePositive => changed(self.network, more_positive, more_positive),
            Variant::MoreNegative => changed(self.network, more_negative, more_negative),
            Variant::MorePositiveOnly => changed(self.network, more_positive, zero),
            Variant::MoreNegativeOnly => changed(self.network, more_negative, zero),
        })
    }
}

/// Bounds of the normalised input, for the z-box rule.
pub(crate) struct Bounds {
    pub(crate) low: Value,
    pub(crate) high: Value,
}

impl Rule {
    /// The relevance of the input of a layer that does not read pixels.
    pub(crate) fn without_bounds(
        self,
        step: &Step<'_>,
        modified: &ModifiedWeights<'_>,
        arrived: &Value,
    ) -> Value {
        let none = step.inputs[0].clone();
        self.apply(step, modified, &Bounds { low: none.clone(), high: none }, arrived)
    }

    /// The relevance of the first input.
    pub(crate) fn apply(
        self,
        step: &Step<'_>,
        modified: &ModifiedWeights<'_>,
        bounds: &Bounds,
        arrived: &Value,
    ) -> Value {
        let x = &step.inputs[0];
        let (above, below) = (x.clone().map(positive), x.clone().map(negative));
        match self {
            Self::Epsilon(epsilon) => shared(step, &[(x.clone(), step.network)], arrived, epsilon),
            Self::AlphaBeta(alpha, beta) => {
                let own = [
                    (above.clone(), modified.get(Variant::Positive)),
                    (below.clone(), modified.get(Variant::NegativeOnly)),
                ];
                let own = shared(step, &own, arrived, STABILISER).map(|r| r * alpha);
                if beta == 0.0 {
                    return own;
                }
                let against =
                    [(above, modified.get(Variant::Negative)), (below, modified.get(Variant::PositiveOnly))];
                let against = shared(step, &against, arrived, STABILISER).map(|r| r * beta);
                own.zip(against, |own, against| own - against)
            }
            Self::Apart => {
                let own = shared(step, &[(above, modified.get(Variant::PositiveOnly))], arrived, 0.0);
                let other = shared(step, &[(below, modified.get(Variant::NegativeOnly))], arrived, 0.0);
                own.zip(other, |own, other| own + other)
            }
            Self::Excitation => {
                shared(step, &[(above, modified.get(Variant::PositiveOnly))], arrived, STABILISER)
            }
            Self::PositivePart(epsilon) => {
                let parts = [
                    (above, modified.get(Variant::PositiveOnly)),
                    (below, modified.get(Variant::NegativeOnly)),
                ];
                shared(step, &parts, arrived, epsilon)
            }
            Self::Gamma(_) => gamma(step, modified, arrived, above, below),
            Self::WSquare => shared(
                step,
                &[(x.clone().map(|x| x.ones_like()), modified.get(Variant::Square))],
                arrived,
                STABILISER,
            ),
            Self::Flat => shared(
                step,
                &[(x.clone().map(|x| x.ones_like()), modified.get(Variant::Ones))],
                arrived,
                STABILISER,
            ),
            Self::ZBox => {
                let like = |bound: &Value| bound.clone().expand_like(x);
                let parts = [
                    (x.clone(), step.network, 1.0),
                    (like(&bounds.low), modified.get(Variant::Positive), -1.0),
                    (like(&bounds.high), modified.get(Variant::Negative), -1.0),
                ];
                weighted(step, &parts, arrived, STABILISER)
            }
        }
    }
}

/// `sum_k x_k * W_k^T (R / sum_k W_k x_k)`.
fn shared(step: &Step<'_>, parts: &[(Value, &Network)], arrived: &Value, epsilon: f64) -> Value {
    let parts: Vec<_> = parts.iter().map(|(x, network)| (x.clone(), *network, 1.0)).collect();
    weighted(step, &parts, arrived, epsilon)
}

/// The same with a sign for each part.
fn weighted(step: &Step<'_>, parts: &[(Value, &Network, f64)], arrived: &Value, epsilon: f64) -> Value {
    let runs: Vec<_> = parts.iter().map(|(x, network, _)| step.run(network, vec![x.clone()])).collect();
    let signed = runs.iter().zip(parts).map(|(run, (_, _, sign))| run.output().map(|z| z * *sign));
    let z = signed.reduce(|a, b| a.zip(b, |a, b| a + b)).expect("a rule has a part");
    let quotient = arrived.clone().zip(z, |r, z| r / stabilised(z, epsilon));
    let share = |(run, (x, _, sign)): (Tracked, &(Value, &Network, f64))| {
        let gradient = run.gradient(&quotient).remove(0);
        x.clone().zip(gradient, |x, g| x * g * *sign)
    };
    runs.into_iter().zip(parts).map(share).reduce(|a, b| a.zip(b, |a, b| a + b)).expect("a rule has a part")
}

/// Outputs above zero and below have their own parts; an output's sign chooses.
fn gamma(
    step: &Step<'_>,
    modified: &ModifiedWeights<'_>,
    arrived: &Value,
    above: Value,
    below: Value,
) -> Value {
    let [more, more_without, less, less_without] =
        [Variant::MorePositive, Variant::MorePositiveOnly, Variant::MoreNegative, Variant::MoreNegativeOnly]
            .map(|variant| modified.get(variant));
    let sign =
        |keep: fn(Tensor<1>) -> Tensor<1>| arrived.clone().zip(step.output.clone(), |r, z| r * keep(z));
    let up = sign(|z| z.clone().greater_elem(0.0).float());
    let down = sign(|z| z.clone().lower_elem(0.0).float());
    let up = shared(step, &[(above.clone(), more), (below.clone(), less_without)], &up, STABILISER);
    let down = shared(step, &[(above, less), (below, more_without)], &down, STABILISER);
    up.zip(down, |up, down| up + down)
}

/// `z + epsilon sign(z)`, with zero counted as positive; without an epsilon, only zero itself is moved.
pub(crate) fn stabilised(z: Tensor<1>, epsilon: f64) -> Tensor<1> {
    if epsilon == 0.0 {
        let nothing = z.clone().equal_elem(0.0);
        return z.mask_fill(nothing, f32::EPSILON);
    }
    let sign = z.clone().greater_equal_elem(0.0).float() * 2.0 - 1.0;
    z + sign * epsilon
}
