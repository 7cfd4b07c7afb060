//! A network that can be asked: images in, class scores and input gradients out.

use std::sync::Arc;

use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use images::{Image, Preprocess};

use crate::identity;
use crate::network::external::{External, Scores};
use crate::network::graph::{Graph, Link, NodeId, Op};
use crate::network::shape::ShapeError;
use crate::network::{Engine, Network};

/// Which number of a class is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The score before the softmax; the probability where a network gives nothing else.
    Logit,
    /// The probability, by the network's [`Link`].
    Probability,
    /// `ln(p / (1 - p))` of the probability: it rises where the probability rises, and has a gradient where the probability
    /// is so near 1 that it rounds to it.
    LogOdds,
}

/// A network with everything around it.
#[derive(Clone, Debug)]
pub struct Classifier {
    /// What `--model` calls it.
    pub name: String,
    /// The network, BatchNorm folded, weights on the plain device.
    pub network: Network,
    /// How its images are prepared.
    pub preprocess: Preprocess,
    /// Class names, or nothing.
    pub labels: Vec<String>,
    /// The node of the last feature map; the input, if there is none.
    pub layer: NodeId,
    /// What it computes with, as a hash ([`identity::Digest`]); empty where that is not known.
    pub digest: String,
    /// Where it runs; without gradients.
    pub device: Device,
}

impl Classifier {
    /// A black box: `scores` answers for it.
    pub fn external(name: String, scores: Arc<dyn Scores>, preprocess: Preprocess, device: &Device) -> Self {
        let [height, width] = preprocess.crop.unwrap_or([224, 224]);
        let link = if scores.probabilities() { Link::Identity } else { Link::Softmax };
        let mut graph = Graph { link, ..Graph::new([preprocess.channels.count(), height, width]) };
        graph.push("scores", Op::External(External::new(scores)), &[Graph::INPUT]);
        Self {
            name,
            network: Network::new(graph, Vec::new()).completed(),
            preprocess,
            labels: Vec::new(),
            layer: Graph::INPUT,
            digest: String::new(),
            device: device.clone(),
        }
    }

    /// `NAME@HASH`: equal keys, equal classifiers. The hash is over [`Classifier::digest`] and how images are prepared, so
    /// for a black box, of which nothing else is known, over the preparation only.
    pub fn key(&self) -> String {
        let hash = identity::short(&[&self.digest, &self.preprocess.canonical()]);
        format!("{}@{hash}", self.name)
    }

    /// The classifier with BatchNorm folded, but for the layers in `unfolded` ([`Network::fold_batch_norm`]), and packed for an
    /// engine. The last feature map is found anew.
    #[must_use]
    pub fn folded(&self, unfolded: &[String], engine: Engine) -> Self {
        let network = self.network.fold_batch_norm(unfolded).pack_for(engine);
        let layer = network.graph().auto_layer().unwrap_or(Graph::INPUT);
        Self { network, layer, ..self.clone() }
    }

    /// Why a black box answers no more; nothing as long as all its scores so far are true.
    pub fn failure(&self) -> Option<&str> {
        self.network.graph().nodes.iter().find_map(|node| match &node.op {
            Op::External(scores) => scores.failure(),
            _ => None,
        })
    }

    /// Channels of the input.
    pub fn channels(&self) -> usize {
        self.network.graph().input[0]
    }

    /// Height and width of the images that the classifier is usually shown.
    pub fn usual_size(&self) -> [usize; 2] {
        let [_, h, w] = self.network.graph().input;
        self.preprocess.crop.unwrap_or([h, w])
    }

    /// Whether the network can work on images of this height and width.
    ///
    /// # Errors
    /// Names the first operation that cannot.
    pub fn check_size(&self, [height, width]: [usize; 2]) -> Result<(), ShapeError> {
        self.network.graph().shapes([self.channels(), height, width]).map(|_| ())
    }

    /// Bytes that all values take while one image of this height and width goes through the network; a pass back needs them
    /// all at once, and as many for their gradients.
    ///
    /// # Errors
    /// As [`Classifier::check_size`].
    pub fn bytes(&self, [height, width]: [usize; 2]) -> Result<u64, ShapeError> {
        let shapes = self.network.graph().shapes([self.channels(), height, width])?;
        let values =
            |shape: &Vec<usize>| shape.iter().fold(1_u64, |all, &side| all.saturating_mul(side as u64));
        let all = shapes.iter().map(values).fold(0_u64, u64::saturating_add);
        Ok(all.saturating_mul(size_of::<f32>() as u64))
    }

    /// Normalised input `(n, c, h, w)` of images that all have one size.
    ///
    /// # Panics
    /// If sizes differ or there is no image.
    pub fn input(&self, images: &[&Image]) -> Tensor<4> {
        let size = images[0].size();
        assert!(images.iter().all(|image| image.size() == size), "images of one size");
        let planes: Vec<Vec<f32>> = images.iter().map(|image| self.preprocess.normalise(image)).collect();
        self.stack(&planes.iter().map(|planes| &planes[..]).collect::<Vec<_>>(), size)
    }

    /// Input `(n, c, h, w)` of planes that are normalised, of images of height and width `size`.
    ///
    /// # Panics
    /// If their numbers do not fit.
    pub fn stack(&self, images: &[&[f32]], size: [usize; 2]) -> Tensor<4> {
        let (channels, [height, width]) = (self.preprocess.channels.count(), size);
        let shape = [images.len(), channels, height, width];
        Tensor::from_data(TensorData::new(images.concat(), shape), &self.device)
    }

    /// The name of the last feature map, if there is one.
    pub fn layer_name(&self) -> Option<&str> {
        let node = &self.network.graph().nodes[self.layer];
        (self.layer != Graph::INPUT).then_some(node.name.as_str())
    }

    /// A pixel value in 0..1 as a normalised colour `(1, c, 1, 1)`.
    pub fn colour(&self, value: f32) -> Tensor<4> {
        let colour = self.preprocess.normalised(value);
        let channels = colour.len();
        Tensor::from_data(TensorData::new(colour, [1, channels, 1, 1]), &self.device)
    }

    /// Scores before softmax or sigmoid, `(n, classes)`, or probabilities if the network gives nothing else ([`Link`]).
    pub fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.network.logits(x)
    }

    /// Class probabilities, `(n, classes)`.
    pub fn probabilities(&self, x: Tensor<4>) -> Tensor<2> {
        self.normalised(self.logits(x))
    }

    /// The network's scores as probabilities.
    fn normalised(&self, logits: Tensor<2>) -> Tensor<2> {
        match self.network.graph().link {
            Link::Softmax => softmax(logits, 1),
            Link::Sigmoid => sigmoid(logits),
            Link::Identity => logits,
        }
    }

    /// The output of one class for each image, `(n, 1)`.
    pub fn output(&self, logits: Tensor<2>, targets: &[usize], output: Output) -> Tensor<2> {
        let indices: Vec<i32> = targets.iter().map(|&target| target as i32).collect();
        let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [targets.len(), 1]), &self.device);
        match output {
            Output::Logit => logits.gather(1, indices),
            Output::Probability => self.normalised(logits).gather(1, indices),
            Output::LogOdds => match self.network.graph().link {
                Link::Softmax => logits.clone().gather(1, indices) - log_sum_of_others(logits, targets),
                Link::Sigmoid => logits.gather(1, indices),
                Link::Identity => {
                    let p = logits.gather(1, indices).clamp(f32::MIN_POSITIVE, 1.0 - f32::EPSILON);
                    p.clone().log() - (-p + 1.0).log()
                }
            },
        }
    }

    /// The outputs of one class on the host. A probability near 1 that comes from scores keeps its distance from 1, of which `f32` has only
    /// steps of 6e-8: it is computed from the log odds.
    ///
    /// # Panics
    /// If a target is no class.
    pub fn scores(&self, logits: Tensor<2>, targets: &[usize], output: Output) -> Vec<f64> {
        let by_odds = output == Output::Probability && self.network.graph().link != Link::Identity;
        let values = self.output(logits, targets, if by_odds { Output::LogOdds } else { output });
        let values: Vec<f32> = values.into_data().try_into_vec().expect("scores are f32");
        let score = |x: f64| if by_odds { 1.0 / (1.0 + (-x).exp()) } else { x };
        values.into_iter().map(|x| score(f64::from(x))).collect()
    }
}

/// `ln sum_j exp(logits_j)` over all classes but the target of each row, `(n, 1)`.
fn log_sum_of_others(logits: Tensor<2>, targets: &[usize]) -> Tensor<2> {
    let [n, classes] = logits.dims();
    let hidden = |i: usize| if i % classes == targets[i / classes] { -1e30_f32 } else { 0.0 };
    let hidden = TensorData::new((0..n * classes).map(hidden).collect(), [n, classes]);
    let others = logits.clone() + Tensor::from_data(hidden, &logits.device());
    let largest = others.clone().max_dim(1).detach();
    (others - largest.clone()).exp().sum_dim(1).log() + largest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gradients of `ln(p / (1 - p))` are those of `p` over `p (1 - p)`, which is `1 - 9e-9` here.
    #[test]
    fn log_odds_have_a_gradient_where_the_probability_rounds_to_one() {
        let device = crate::device::cpu().device;
        let logits = Tensor::<2>::from_data([[20.0_f32, 1.0, 0.0], [0.5, 0.2, -0.1]], &device.autodiff());
        let logits = logits.require_grad();
        let lse = log_sum_of_others(logits.clone(), &[0, 1]);
        let gradients = lse.clone().backward();
        let found: Vec<f32> = lse.inner().into_data().try_into_vec().unwrap();
        let expected = [(1_f32.exp() + 1.0).ln(), (0.5_f32.exp() + (-0.1_f32).exp()).ln()];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
        let gradient: Vec<f32> = logits.grad(&gradients).unwrap().into_data().try_into_vec().unwrap();
        let share = 1_f32.exp() / (1_f32.exp() + 1.0);
        assert!(gradient[0] == 0.0 && (gradient[1] - share).abs() < 1e-6, "{gradient:?}");
    }
}
