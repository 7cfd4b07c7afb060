//! Between which numbers values lie, whatever the image.

use models::graph::Activation;
use models::{NodeId, Op};

use super::{Draft, near};

/// The least and the greatest number that a value can be.
type Bounds = (f64, f64);

impl Draft {
    /// Whether the scores cannot leave 0..1, as the mean of two softmaxes, or 1 - p beside p. No score before a softmax is like
    /// that.
    pub(super) fn stays_in_unit_range(&self) -> bool {
        let mut bounds: Vec<Option<Bounds>> = Vec::with_capacity(self.graph.nodes.len());
        for node in 0..=self.output {
            let given: Option<Vec<Bounds>> = self.inputs(node).iter().map(|&input| bounds[input]).collect();
            bounds.push(self.bounds(node, given));
        }
        bounds[self.output].is_some_and(|(low, high)| low >= -SLACK && high <= 1.0 + SLACK)
    }

    /// Bounds from those of the inputs, if all of them have some.
    fn bounds(&self, node: NodeId, given: Option<Vec<Bounds>>) -> Option<Bounds> {
        match self.op(node) {
            Op::Softmax { .. } | Op::Activation(Activation::Sigmoid | Activation::HardSigmoid(..)) => {
                Some((0.0, 1.0))
            }
            Op::Activation(Activation::Clip(low, high)) => Some((*low, *high)),
            Op::Activation(Activation::Tanh) => Some((-1.0, 1.0)),
            Op::Relu | Op::Activation(Activation::Exp | Activation::Softplus | Activation::Abs) => {
                Some((0.0, f64::INFINITY))
            }
            Op::Divide => self.quotient(node, &given?),
            Op::Constant { parameter } => Some(range(self.weights[*parameter].iter().map(|&x| x.into()))),
            Op::Affine { scale, shift } => {
                let [a, b] = <[f64; 2]>::from(given?[0]).map(|x| scale * x + shift);
                Some((a.min(b), a.max(b)))
            }
            Op::Add => given?.into_iter().reduce(|a, b| (a.0 + b.0, a.1 + b.1)),
            Op::Subtract => given?.into_iter().reduce(|a, b| (a.0 - b.1, a.1 - b.0)),
            Op::Multiply => given?
                .into_iter()
                .reduce(|a, b| range([a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1].into_iter())),
            Op::Concat { .. }
            | Op::Flatten
            | Op::Reshape { .. }
            | Op::Permute { .. }
            | Op::Slice { .. }
            | Op::Mean { .. }
            | Op::MaxPool2d(_) => Some(range(given?.into_iter().flat_map(|(low, high)| [low, high]))),
            _ => None,
        }
    }
}

impl Draft {
    /// A part of its own sum, as a softmax that is spelled out; or anything over what is greater than 0, as a sigmoid is.
    fn quotient(&self, node: NodeId, given: &[Bounds]) -> Option<Bounds> {
        let (&[part, sum], [(low, high), below]) = (self.inputs(node), given) else { return None };
        if *low >= 0.0 && self.is_sum(sum, part) {
            return Some((0.0, 1.0));
        }
        let quotients = [low / below.0, low / below.1, high / below.0, high / below.1];
        (below.0 > 0.0).then(|| range(quotients.into_iter()))
    }

    /// Whether a value is the sum over an axis of another one: the mean times the count.
    fn is_sum(&self, sum: NodeId, part: NodeId) -> bool {
        let Some((scale, shift, mean)) = self.affine(sum) else { return false };
        let Op::Mean { axes, .. } = self.op(mean) else { return false };
        let count: usize = axes.iter().map(|&axis| self.sizes[part][axis]).product();
        shift == 0.0 && self.inputs(mean) == [part] && near(scale, count as f64)
    }
}

/// What weights of a mean may miss of 1.
const SLACK: f64 = 1e-5;

fn range(numbers: impl Iterator<Item = f64>) -> Bounds {
    numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
}
