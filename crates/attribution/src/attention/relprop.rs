//! Relevance propagation through a transformer as Chefer et al. have it ("Transformer Interpretability Beyond Attention
//! Visualization", 2021, section 3.1), and as the rules they compare with (Voita et al. 2019).

use models::network::walk::{PropagationRule, Step};
use models::{Op, Tensor, Value};

use crate::context::Context;
use crate::lrp::modified::{PreparedRule, weighted};
use crate::lrp::rule::Rule;
use crate::lrp::{in_proportion, total};
use crate::method::Error;

/// What keeps denominators away from zero here.
const STABILISER: f64 = 1e-9;

/// The two sets of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Positive contributions share one denominator; sums keep the balance of their branches.
    Transformer,
    /// Contributions of positive and of negative inputs have denominators of their own; sums share in proportion.
    Original,
}

/// Relevance propagation through one network.
pub(crate) struct Relprop {
    kind: Kind,
    rule: PreparedRule,
}

impl Relprop {
    /// Ready for the network of a context.
    pub(crate) fn new(method: &str, context: &Context<'_>, kind: Kind) -> Result<Self, Error> {
        let layers = weighted(&context.classifier.network);
        Ok(Self { kind, rule: PreparedRule::new(method, context, kind.rule(), &layers)? })
    }
}

impl Kind {
    /// Of convolutions and linear layers.
    fn rule(self) -> Rule {
        match self {
            Self::Transformer => Rule::PositivePart(STABILISER),
            Self::Original => Rule::Apart,
        }
    }
}

impl PropagationRule for Relprop {
    fn step(&mut self, step: &Step<'_>, arrived: Value) -> Vec<Value> {
        match step.op() {
            Op::Linear { .. } | Op::Conv2d { .. } => {
                vec![self.rule.without_bounds(step, &arrived)]
            }
            Op::MatMul => in_proportion(step, &arrived, STABILISER)
                .into_iter()
                .map(|share| share.map(|r| r / 2.0))
                .collect(),
            Op::Add if self.kind == Kind::Transformer => {
                balanced(in_proportion(step, &arrived, STABILISER), &arrived)
            }
            Op::Add => in_proportion(step, &arrived, STABILISER),
            Op::Relu | Op::Activation(_) | Op::Softmax { .. } | Op::LayerNorm { .. } | Op::Affine { .. } => {
                vec![arrived]
            }
            _ => step.gradient(&arrived),
        }
    }
}

/// Shares scaled so that each branch has its part, by absolute sums, of what arrived in all.
fn balanced(shares: Vec<Value>, arrived: &Value) -> Vec<Value> {
    let sums: Vec<Tensor<2>> = shares.iter().map(total).collect();
    let all = sums.iter().map(|sum| sum.clone().abs()).reduce(|a, b| a + b).expect("a sum has terms");
    let scaled = |(share, sum): (Value, Tensor<2>)| {
        let part = sum.clone().abs() / all.clone() * total(arrived);
        let silent = sum.clone().equal_elem(0.0);
        let factor = Value::new(part / sum.mask_fill(silent, 1.0));
        let mut shape = vec![1; share.rank()];
        shape[0] = share.shape()[0];
        share.multiply(factor.reshape(&shape))
    };
    shares.into_iter().zip(sums.clone()).map(scaled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{self, numbers, wave};
    use crate::walk::walk;
    use models::{Graph, Network, TensorData};

    /// Invariant 17: a matrix hands on all that it gets, a sum shares it out, and what a value read twice gets is added.
    #[test]
    fn relevance_is_conserved_where_branches_part_and_meet() {
        let mut graph = Graph::new([3, 8, 8]);
        let flat = graph.push("flatten", Op::Flatten, &[Graph::INPUT]);
        let twice = graph.push("add", Op::Add, &[flat, flat]);
        let weight = graph.parameter("fc.weight", &[2, 192]);
        graph.push("fc", Op::Linear { weight, bias: None }, &[twice]);
        let device = models::device::cpu().device;
        let weight = TensorData::new(wave(2 * 192, 0.11), vec![2, 192]);
        let network = Network::new(graph, vec![models::network::Weight::new(weight, &device)]);
        let classifier = tiny::classifier("sum", network, Graph::INPUT);
        let context = Context::new(&classifier).unwrap();
        let request = crate::Request {
            images: tiny::image(8),
            targets: &[1],
            keys: &["a".into()],
            seed: 0,
            batch_size: 1,
            baselines: None,
        };
        for kind in [Kind::Transformer, Kind::Original] {
            let sum: f32 =
                numbers(walk(&classifier, &request, &mut Relprop::new("relprop", &context, kind).unwrap()))
                    .iter()
                    .sum();
            // Where inputs of both signs have their own denominators, each hands on all.
            let expected = if kind == Kind::Transformer { 1.0 } else { 2.0 };
            assert!((sum - expected).abs() < 1e-4, "{kind:?}: {sum}");
        }
    }
}
