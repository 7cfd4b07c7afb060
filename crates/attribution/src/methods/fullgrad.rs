//! FullGrad (Srinivas and Fleuret, "Full-Gradient Representation for Neural Network Visualization", 2019, equations 3 and
//! 6): the input times its gradient, and every bias times the gradient at its layer's output; together they sum to the
//! logit. Each term is made positive and scaled to 0..1 over all its channels and positions (`scale=layer`; `channel` is
//! pytorch-grad-cam's form, each channel by itself), resized and added up.

use models::classifier::Output;
use models::network::Taps;
use models::resize::Resample;
use models::{Classifier, NodeId, Op, Tensor};
use spec::Reader;

use crate::batch;
use crate::context::Context;
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};

pub(crate) const ENTRY: Entry = Entry {
    name: "fullgrad",
    summary: "input times gradient, and biases times gradients at every layer",
    paper: "Srinivas and Fleuret 2019",
    cost: "1 F + 1 B",
    build: |reader: &mut Reader| {
        let scale = reader.choose("scale", &[("layer", Scale::Layer), ("channel", Scale::Channel)])?;
        Ok(Box::new(FullGrad { scale }))
    },
};

/// Over what a term is scaled to 0..1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Layer,
    Channel,
}

struct FullGrad {
    scale: Scale,
}

impl Method for FullGrad {
    fn needs(&self) -> Needs {
        Needs::network()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let classifier = context.classifier;
        check_biases(classifier)?;
        Ok(explainer(move |request| {
            let [_, _, h, w] = request.dims();
            let resample = Resample::BILINEAR.align_corners();
            batch::each(request, |x, targets| {
                let terms = terms(classifier, x, targets);
                let shown =
                    terms.maps.into_iter().map(|term| resample.resize(self.scaled(term).sum_dim(1), h, w));
                shown.reduce(|a, b| a + b).unwrap_or_else(|| unreachable!("the input is a term"))
            })
        }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}

impl FullGrad {
    /// `|term|`, less its minimum, over its maximum, in each image.
    fn scaled(&self, term: Tensor<4>) -> Tensor<4> {
        let over = |x: Tensor<4>, reduce: fn(Tensor<4>, usize) -> Tensor<4>| {
            let x = reduce(reduce(x, 3), 2);
            if self.scale == Scale::Layer { reduce(x, 1) } else { x }
        };
        let term = term.abs();
        let term = term.clone() - over(term, Tensor::min_dim::<usize>);
        term.clone() / (over(term, Tensor::max_dim::<usize>) + 1e-6)
    }
}

/// The parts of a logit.
struct Terms {
    /// Those that have positions, `(n, c, h', w')`: the input's first.
    maps: Vec<Tensor<4>>,
    /// The sum of those that have none (linear layers), `(n)`.
    rest: Option<Tensor<1>>,
}

/// An error where no bias has positions.
fn check_biases(classifier: &Classifier) -> Result<(), Error> {
    let biased = biases(classifier).into_iter().any(|(node, _)| {
        matches!(classifier.network.graph().nodes[node].op, Op::Conv2d { .. } | Op::BatchNorm2d { .. })
    });
    if biased { Ok(()) } else { Err(Error::unfit("fullgrad", classifier, "no convolution has a bias")) }
}

/// Nodes that add a bias, and that bias.
fn biases(classifier: &Classifier) -> Vec<(NodeId, Tensor<1>)> {
    let network = &classifier.network;
    let bias = |op: &Op| match op {
        Op::Conv2d { bias, .. } | Op::Linear { bias, .. } => bias.map(|id| network.vector(id)),
        Op::BatchNorm2d { weight, bias, mean, variance, epsilon } => {
            let scale = network.vector(*weight) / (network.vector(*variance) + *epsilon).sqrt();
            Some(network.vector(*bias) - network.vector(*mean) * scale)
        }
        _ => None,
    };
    let nodes = network.graph().nodes.iter().enumerate();
    nodes.filter_map(|(id, node)| bias(&node.op).map(|bias| (id, bias))).collect()
}

fn terms(classifier: &Classifier, x: Tensor<4>, targets: &[usize]) -> Terms {
    let biases = biases(classifier);
    let nodes: Vec<NodeId> = biases.iter().map(|(node, _)| *node).collect();
    let mut taps = Taps::at(&nodes);
    let (gradient, gradients) = classifier.tapped_gradient(x.clone(), targets, Output::Logit, &mut taps);
    let mut terms = Terms { maps: vec![x * gradient], rest: None };
    for ((_, bias), gradient) in biases.into_iter().zip(gradients) {
        let Some(gradient) = gradient else { continue };
        let c = bias.dims()[0];
        if gradient.rank() == 4 {
            terms.maps.push(gradient.tensor::<4>() * bias.reshape([1, c, 1, 1]));
        } else {
            let shape = gradient.shape();
            let rows =
                gradient.reshape(&[shape[0], shape[1..].iter().product::<usize>() / c, c]).tensor::<3>();
            let sum = (rows * bias.reshape([1, 1, c])).sum_dim(2).sum_dim(1).reshape([shape[0]]);
            terms.rest = Some(terms.rest.map_or(sum.clone(), |rest| rest + sum));
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{self, RESNETS, TARGETS, numbers};

    /// Equation 3: the terms of a network of ReLUs sum to its output.
    #[test]
    fn the_terms_sum_to_the_logit() {
        for network in RESNETS {
            for keep in [vec![], vec!["*".to_string()]] {
                let classifier = tiny::resnet(network, &keep);
                let x = tiny::images();
                let terms = terms(&classifier, x.clone(), &TARGETS);
                let maps =
                    terms.maps.into_iter().map(|term| term.sum_dim(1).sum_dim(2).sum_dim(3).reshape([2]));
                let sum = maps.reduce(|a: Tensor<1>, b| a + b).unwrap() + terms.rest.unwrap();
                let logits = classifier.output(classifier.logits(x), &TARGETS, Output::Logit);
                for (sum, logit) in numbers(sum).into_iter().zip(numbers(logits)) {
                    assert!(
                        (sum - logit).abs() < 1e-3 * logit.abs().max(1.0),
                        "{network}: {sum} and {logit}"
                    );
                }
            }
        }
    }
}
