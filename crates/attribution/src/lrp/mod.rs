//! Layer-wise relevance propagation over any graph: a rule for each convolution and linear layer, and fixed
//! rules for everything else.

pub(crate) mod modified;
pub(crate) mod rescale;
pub(crate) mod rule;
pub(crate) mod variant;

use models::network::walk::{PropagationRule, Step};
use models::{NodeId, Op, Tensor, Value};
use modified::PreparedRule;
use rule::{Bounds, Rule, stabilised};

use crate::context::Context;
use crate::method::Error;

/// Which rule a convolution or linear layer has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    /// Of the layer that reads the image.
    pub(crate) first: Rule,
    /// Of convolutions.
    pub(crate) conv: Rule,
    /// Of linear layers.
    pub(crate) linear: Rule,
    /// Whether sums, pools and denominators follow the code of the Coherency study.
    pub(crate) coherency: bool,
}

/// Relevance propagation through one network.
pub(crate) struct Propagation {
    /// The layer that reads the image.
    first_layer: Option<NodeId>,
    first: PreparedRule,
    conv: PreparedRule,
    linear: PreparedRule,
    bounds: Bounds,
    coherency: bool,
}

impl Propagation {
    /// The bounds of the image are black and white; those of the Coherency study are normalised values of
    /// -1 and 1.
    ///
    /// # Errors
    /// If the modified weights would take more memory than the context allows.
    pub(crate) fn new(method: &str, context: &Context<'_>, rules: Rules) -> Result<Self, Error> {
        let classifier = context.classifier;
        let layers = modified::weighted(&classifier.network);
        let (first, rest) = layers.split_at(layers.len().min(1));
        let is_linear = |&id: &NodeId| matches!(classifier.network.graph().nodes[id].op, Op::Linear { .. });
        let (linear, conv): (Vec<NodeId>, Vec<NodeId>) = rest.iter().partition(|id| is_linear(id));
        let bound = |pixel: f32, normalised: f32| {
            let colour = classifier.colour(pixel);
            Value::new(if rules.coherency { colour.zeros_like() + normalised } else { colour })
        };
        let bounds = Bounds { low: bound(0.0, -1.0), high: bound(1.0, 1.0) };
        let ready = |rule, layers: &[NodeId]| PreparedRule::new(method, context, rule, layers);
        Ok(Self {
            first_layer: first.first().copied(),
            first: ready(rules.first, first)?,
            conv: ready(rules.conv, &conv)?,
            linear: ready(rules.linear, &linear)?,
            bounds,
            coherency: rules.coherency,
        })
    }

    fn weighted(&self, step: &Step<'_>, arrived: &Value) -> Value {
        let rule = match step.op() {
            _ if Some(step.node) == self.first_layer => &self.first,
            Op::Linear { .. } => &self.linear,
            _ => &self.conv,
        };
        rule.apply(step, &self.bounds, arrived)
    }
}

impl PropagationRule for Propagation {
    fn step(&mut self, step: &Step<'_>, arrived: Value) -> Vec<Value> {
        // Nonlinearities and normalisations hand on what they get: they share out nothing. What has no rule below (reshaping,
        // flattening, maxima) only moves values, and there the gradient is the rule.
        let shares = match step.op() {
            Op::Conv2d { .. } | Op::Linear { .. } => vec![self.weighted(step, &arrived)],
            Op::Relu | Op::Activation(_) | Op::BatchNorm2d { .. } | Op::LayerNorm { .. } => vec![arrived],
            Op::Add if self.coherency => return step.gradient(&arrived),
            Op::MaxPool2d(_) if self.coherency => in_proportion(step, &arrived, 0.0),
            Op::Add
            | Op::Subtract
            | Op::Affine { .. }
            | Op::AvgPool2d { .. }
            | Op::AdaptiveAvgPool2d { .. }
            | Op::Mean { .. } => in_proportion(step, &arrived, if self.coherency { 0.0 } else { 1e-6 }),
            Op::Multiply | Op::Divide => to_the_larger(step, arrived),
            _ => return step.gradient(&arrived),
        };
        if self.coherency { shares.into_iter().map(whole).collect() } else { shares }
    }
}

/// LRP-0 of a linear operation without weights: each input's part of the output. The gradient of a linear operation is its
/// transpose, so `x * gradient(R / z)` is the rule for sums, means, pools and products of matrices alike.
pub(crate) fn in_proportion(step: &Step<'_>, arrived: &Value, epsilon: f64) -> Vec<Value> {
    let quotient = arrived.clone().zip(step.output.clone(), |r, z| r / stabilised(z, epsilon));
    let gradients = step.gradient(&quotient);
    step.inputs.iter().zip(gradients).map(|(x, g)| x.clone().zip(g, |x, g| x * g)).collect()
}

/// A gate (squeeze and excitation) or a stored scale gets nothing; what is gated gets all.
fn to_the_larger(step: &Step<'_>, arrived: Value) -> Vec<Value> {
    let size = |value: &Value| value.shape().iter().product::<usize>();
    let sizes: Vec<usize> = step.inputs.iter().map(size).collect();
    let signal = usize::from(!step.varies[0] || (step.varies[1] && sizes[1] > sizes[0]));
    let none = |value: &Value| value.clone().map(|x| x.zeros_like());
    let share = |(i, value): (usize, &Value)| if i == signal { arrived.clone() } else { none(value) };
    step.inputs.iter().enumerate().map(share).collect()
}

/// The sum over each image, `(n, 1)`.
pub(crate) fn total(relevance: &Value) -> Tensor<2> {
    let shape = relevance.shape();
    relevance.clone().reshape(&[shape[0], shape[1..].iter().product()]).tensor::<2>().sum_dim(1)
}

/// Each image's relevance over its sum.
fn whole(relevance: Value) -> Value {
    let mut shape = vec![1; relevance.rank()];
    shape[0] = relevance.shape()[0];
    let sum = Value::new(total(&relevance).recip()).reshape(&shape);
    relevance.multiply(sum)
}
