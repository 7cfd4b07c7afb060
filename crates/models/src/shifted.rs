//! A classifier whose input is moved by a number and whose first layer takes it back: the same function of an image, and so a test
//! of explanations (input invariance, Kindermans et al., 2017).

use crate::classifier::Classifier;
use crate::network::Network;
use crate::network::graph::{Graph, Node, Op};

/// The name of the node in front.
const NODE: &str = "input.unshifted";

impl Classifier {
    /// The same classifier, shown `x + shift` where this one is shown the normalised `x`, and taking the shift away before anything
    /// else. A bias folded into the first convolution would not do: its padding is zeros, which are no part of the image.
    ///
    /// Images are prepared with other means, so that black is the shifted black. Scores agree to rounding.
    #[must_use]
    pub fn with_shifted_input(&self, shift: f32) -> Self {
        let mut preprocess = self.preprocess.clone();
        preprocess.mean.iter_mut().zip(&preprocess.std).for_each(|(mean, std)| *mean -= shift * std);
        let behind = |node: usize| if node == Graph::INPUT { node } else { node + 1 };
        Self {
            name: format!("{}+shift:{shift}", self.name),
            network: self.network.behind(Op::Affine { scale: 1.0, shift: -f64::from(shift) }),
            layer: behind(self.layer),
            preprocess,
            ..self.clone()
        }
    }
}

impl Network {
    /// The network with one more operation, which alone reads the input.
    fn behind(&self, op: Op) -> Self {
        let old = self.graph();
        let mut nodes = vec![old.nodes[Graph::INPUT].clone()];
        nodes.push(Node { name: NODE.into(), op, inputs: vec![Graph::INPUT] });
        nodes.extend(old.nodes[1..].iter().cloned().map(|mut node| {
            node.inputs.iter_mut().for_each(|input| *input += 1);
            node
        }));
        Self::new(Graph { nodes, ..old.clone() }, self.weights().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;
    use crate::network::Weight;
    use burn::tensor::{Tensor, TensorData};
    use images::Preprocess;

    /// A convolution with padding, and a linear layer.
    fn classifier() -> Classifier {
        let device = device::cpu().device;
        let mut graph = Graph::new([3, 4, 4]);
        let weight = graph.parameter("conv.weight", &[2, 3, 3, 3]);
        let (stride, padding, dilation) = ([1; 2], [1; 2], [1; 2]);
        let conv = Op::Conv2d { weight, bias: None, stride, padding, dilation, groups: 1 };
        let conv = graph.push("conv", conv, &[Graph::INPUT]);
        let relu = graph.push("relu", Op::Relu, &[conv]);
        let pool = graph.push("pool", Op::Mean { axes: vec![2, 3], keep: false }, &[relu]);
        let weight = graph.parameter("fc.weight", &[3, 2]);
        graph.push("fc", Op::Linear { weight, bias: None }, &[pool]);
        let numbers = |shape: &[usize]| {
            let count = shape.iter().product::<usize>();
            let values = (0..count).map(|i| ((7 * i + 3) % 11) as f32 / 5.0 - 1.0).collect::<Vec<_>>();
            Weight::new(TensorData::new(values, shape.to_vec()), &device)
        };
        let weights = graph.parameters.iter().map(|parameter| numbers(&parameter.shape)).collect();
        Classifier {
            name: "small".into(),
            layer: relu,
            network: Network::new(graph, weights),
            preprocess: Preprocess::preset("imagenet-keep").unwrap(),
            labels: Vec::new(),
            digest: "weights".into(),
            device,
        }
    }

    #[test]
    fn an_image_has_the_scores_that_it_had() {
        let plain = classifier();
        let shifted = plain.with_shifted_input(-1.5);
        let bytes: Vec<u8> = (0..48).map(|i| (i * 37 % 256) as u8).collect();
        let input = |classifier: &Classifier| {
            let pixels = classifier.preprocess.normalise_bytes(&bytes);
            Tensor::<4>::from_data(TensorData::new(pixels, [1, 3, 4, 4]), &classifier.device)
        };
        let numbers = |tensor: TensorData| tensor.iter::<f32>().collect::<Vec<f32>>();
        let moved = (input(&shifted) - input(&plain)).into_data();
        assert!(numbers(moved).iter().all(|by| (by + 1.5).abs() < 1e-5));
        let scores = |classifier: &Classifier| numbers(classifier.logits(input(classifier)).into_data());
        let (own, others) = (scores(&plain), scores(&shifted));
        assert!(own.iter().zip(&others).all(|(a, b)| (a - b).abs() < 1e-5), "{own:?} and {others:?}");
        assert!(own.iter().any(|score| score.abs() > 0.1), "{own:?}");
    }

    #[test]
    fn it_is_another_classifier_of_the_same_layers() {
        let plain = classifier();
        let shifted = plain.with_shifted_input(-1.0);
        assert!(shifted.key().starts_with("small+shift:-1@"), "{}", shifted.key());
        assert_ne!(shifted.key().split('@').next_back(), plain.key().split('@').next_back());
        assert_eq!((shifted.layer_name(), plain.layer_name()), (Some("relu"), Some("relu")));
        assert_eq!(shifted.folded(&[], crate::Engine::Best).layer_name(), Some("relu"));
    }
}
