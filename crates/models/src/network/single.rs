//! Two classes for a network with one score.

use burn::tensor::TensorData;

use super::graph::{Graph, Link, NodeId, Op, ParameterId};
use super::{Network, Weight};

impl Network {
    /// A network with two classes if it has one score z, which is that of class 1: the scores -z and z, each with its sigmoid,
    /// or 1 - p and p where the score is a probability. Any other network stays as it is.
    ///
    /// Where the last node is a linear layer it gets a second row, so that every method finds the head of a network of two
    /// classes; the score of class 1 and its gradient are those of the file.
    #[must_use]
    pub fn completed(self) -> Self {
        if self.classes() != 1 {
            return self;
        }
        let mut graph = self.graph().clone();
        let mut weights = self.weights().to_vec();
        let output = graph.output();
        match graph.nodes[output].op {
            Op::Linear { weight, bias } if graph.link != Link::Identity => {
                for id in std::iter::once(weight).chain(bias) {
                    weights[id] = mirrored(&weights[id], &mut graph, id);
                }
            }
            _ => append(&mut graph, output),
        }
        if graph.link == Link::Softmax {
            graph.link = Link::Sigmoid;
        }
        Self::new(graph, weights)
    }
}

/// The negative of a row above the row.
fn mirrored(weight: &Weight, graph: &mut Graph, id: ParameterId) -> Weight {
    let row: Vec<f32> = weight.data().iter::<f32>().collect();
    let rows = row.iter().map(|x| -x).chain(row.iter().copied()).collect();
    let shape = &mut graph.parameters[id].shape;
    shape[0] *= 2;
    Weight::new(TensorData::new(rows, shape.clone()), &weight.device())
}

fn append(graph: &mut Graph, score: NodeId) {
    let shift = if graph.link == Link::Identity { 1.0 } else { 0.0 };
    let other = graph.push("other_class", Op::Affine { scale: -1.0, shift }, &[score]);
    graph.push("two_classes", Op::Concat { axis: 1 }, &[other, score]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::{Classifier, Output};
    use crate::device;
    use images::Preprocess;

    /// From the mean colour to some scores; behind a linear layer, or also behind an affine node that changes nothing.
    fn classifier(rows: &[f32], link: Link, affine: bool) -> Classifier {
        let device = device::cpu().device;
        let mut graph = Graph { link, ..Graph::new([3, 4, 4]) };
        let pool = graph.push("pool", Op::Mean { axes: vec![2, 3], keep: false }, &[Graph::INPUT]);
        let classes = rows.len() / 3;
        let weight = graph.parameter("fc.weight", &[classes, 3]);
        let bias = Some(graph.parameter("fc.bias", &[classes]));
        let fc = graph.push("fc", Op::Linear { weight, bias }, &[pool]);
        if affine {
            graph.push("same", Op::Affine { scale: 1.0, shift: 0.0 }, &[fc]);
        }
        let weight = |data: Vec<f32>, shape: &[usize]| Weight::new(TensorData::new(data, shape), &device);
        let weights = vec![weight(rows.to_vec(), &[classes, 3]), weight(vec![0.25; classes], &[classes])];
        Classifier {
            name: "net".into(),
            network: Network::new(graph, weights).completed(),
            preprocess: Preprocess::preset("none").unwrap(),
            labels: Vec::new(),
            layer: Graph::INPUT,
            digest: String::new(),
            device,
        }
    }

    fn grey(value: f32) -> burn::tensor::Tensor<4> {
        burn::tensor::Tensor::full([1, 3, 4, 4], value, &device::cpu().device)
    }

    fn numbers<const D: usize>(x: burn::tensor::Tensor<D>) -> Vec<f32> {
        x.into_data().try_into_vec().unwrap()
    }

    fn near(found: &[f32], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        assert!(
            found.iter().zip(expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6),
            "{found:?} {expected:?}"
        );
    }

    #[test]
    fn one_score_is_that_of_class_1() {
        // z = (1 + 2 - 0.5) / 2 + 0.25 = 1.5, and sigmoid(1.5) = 0.817574476.
        for affine in [false, true] {
            let one = classifier(&[1.0, 2.0, -0.5], Link::Softmax, affine);
            assert_eq!((one.network.classes(), one.network.graph().link), (2, Link::Sigmoid));
            near(&numbers(one.logits(grey(0.5))), &[-1.5, 1.5]);
            near(&numbers(one.probabilities(grey(0.5))), &[0.182_425_524, 0.817_574_476]);
            let score = |target, output| one.scores(one.logits(grey(0.5)), &[target], output)[0];
            assert!((score(1, Output::Probability) - 0.817_574_476).abs() < 1e-7);
            assert!((score(0, Output::LogOdds) + 1.5).abs() < 1e-6);
            let (gradient, _) = one.input_gradient(grey(0.5), &[1], Output::Logit, &mut crate::Plain);
            near(&numbers(gradient.mean_dim(3).mean_dim(2)), &[1.0 / 16.0, 2.0 / 16.0, -0.5 / 16.0]);
        }
        let probability = classifier(&[1.0, 0.0, 0.0], Link::Identity, false);
        near(&numbers(probability.probabilities(grey(0.5))), &[0.25, 0.75]);
    }

    #[test]
    fn classes_with_a_sigmoid_stand_by_themselves() {
        let labels = classifier(&[1.0, 2.0, -0.5, 0.0, 0.0, -1.5], Link::Sigmoid, false);
        near(&numbers(labels.probabilities(grey(0.5))), &[0.817_574_476, 0.377_540_669]);
        let scores = labels.scores(labels.logits(grey(0.5)), &[1], Output::Probability);
        assert!((scores[0] - 0.377_540_669).abs() < 1e-7);
    }

    /// The odds of a class do not depend on what others have.
    #[test]
    fn log_odds_of_probabilities_need_no_other_class() {
        let several = classifier(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], Link::Identity, false);
        let scores = several.scores(several.logits(grey(0.5)), &[2], Output::LogOdds);
        assert!((scores[0] - 3.0_f64.ln()).abs() < 1e-6, "{scores:?}");
    }
}
