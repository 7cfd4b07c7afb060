//! A network that can be asked: pictures in, class scores and input gradients out.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::features::Layout;
use crate::image::Picture;
use crate::network::graph::{Graph, NodeId};
use crate::network::shape::ShapeError;
use crate::network::value::Value;
use crate::network::{Network, Plain, Rules};
use crate::preprocess::Preprocess;

/// Which number of a class is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The score before the softmax.
    Logit,
    /// The softmax probability.
    Probability,
}

/// A network with everything around it.
#[derive(Clone, Debug)]
pub struct Classifier {
    /// What `--model` calls it.
    pub name: String,
    /// The network, BatchNorm folded, weights on the plain device.
    pub network: Network,
    /// How its pictures are prepared.
    pub preprocess: Preprocess,
    /// Class names, or nothing.
    pub labels: Vec<String>,
    /// The node of the last feature map.
    pub layer: NodeId,
    /// SHA-256 of the weight file.
    pub sha256: String,
    /// Where it runs; without gradients.
    pub device: Device,
}

impl Classifier {
    /// Whether the network can work on pictures of this height and width.
    ///
    /// # Errors
    /// Names the first operation that cannot.
    pub fn check_size(&self, [height, width]: [usize; 2]) -> Result<(), ShapeError> {
        self.network.graph().shapes([3, height, width]).map(|_| ())
    }

    /// Normalised input `(n, 3, h, w)` of pictures that all have one size.
    ///
    /// # Panics
    /// If sizes differ or there is no picture.
    pub fn input(&self, pictures: &[&Picture]) -> Tensor<4> {
        let (height, width) = (pictures[0].height, pictures[0].width);
        let mut data = Vec::with_capacity(pictures.len() * 3 * height * width);
        for picture in pictures {
            assert_eq!((picture.height, picture.width), (height, width), "pictures of one size");
            for (c, plane) in picture.pixels.chunks(height * width).enumerate() {
                let (mean, std) = (self.preprocess.mean[c], self.preprocess.std[c]);
                data.extend(plane.iter().map(|value| (value - mean) / std));
            }
        }
        Tensor::from_data(TensorData::new(data, [pictures.len(), 3, height, width]), &self.device)
    }

    /// A pixel value in 0..1 as a normalised colour `(1, 3, 1, 1)`.
    pub fn colour(&self, value: f32) -> Tensor<4> {
        let colour = self.preprocess.normalised(value).to_vec();
        Tensor::from_data(TensorData::new(colour, [1, 3, 1, 1]), &self.device)
    }

    /// Scores before the softmax, `(n, classes)`.
    pub fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.network.logits(x)
    }

    /// Class probabilities, `(n, classes)`.
    pub fn probabilities(&self, x: Tensor<4>) -> Tensor<2> {
        softmax(self.logits(x), 1)
    }

    /// The output of one class for each picture, `(n, 1)`.
    pub fn output(&self, logits: Tensor<2>, targets: &[usize], output: Output) -> Tensor<2> {
        let scores = if output == Output::Probability { softmax(logits, 1) } else { logits };
        let indices: Vec<i32> = targets.iter().map(|&target| target as i32).collect();
        let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [targets.len(), 1]), &self.device);
        scores.gather(1, indices)
    }

    /// The gradient of each picture's target class at the input, `(n, 3, h, w)`, and the outputs `(n, 1)`.
    pub fn input_gradient(
        &self,
        x: Tensor<4>,
        targets: &[usize],
        output: Output,
        rules: &mut dyn Rules,
    ) -> (Tensor<4>, Tensor<2>) {
        let leaf = Value::new(x).leaf();
        let feeds = vec![(Graph::INPUT, leaf.clone())];
        let logits = self.network.run(feeds, &[self.network.graph().output()], rules).remove(0).tensor();
        let scores = self.output(logits, targets, output);
        let gradients = scores.backward();
        let gradient = leaf.grad(&gradients).map(Value::tensor);
        (gradient.unwrap_or_else(|| unreachable!("the input is a leaf")), scores.inner())
    }

    /// The values of a layer and the gradients of each picture's target logit there, as maps `(n, c, h, w)`
    /// (tokens on their grid).
    ///
    /// # Panics
    /// If the layer has no [`Layout`].
    pub fn layer_gradient(&self, x: Tensor<4>, targets: &[usize], layer: NodeId) -> (Tensor<4>, Tensor<4>) {
        let graph = self.network.graph();
        let cut = graph.cut(layer);
        let values = self.network.run(vec![(Graph::INPUT, Value::new(x))], &cut, &mut Plain);
        let mut feeds: Vec<(NodeId, Value)> = cut.into_iter().zip(values).collect();
        // The layer itself is the last node of its cut.
        let (_, activations) = feeds.pop().unwrap_or_else(|| unreachable!("a cut holds its own node"));
        let leaf = activations.clone().leaf();
        feeds.push((layer, leaf.clone()));
        let logits = self.network.run(feeds, &[graph.output()], &mut Plain).remove(0).tensor();
        let gradients = self.output(logits, targets, Output::Logit).backward();
        let gradient = leaf.grad(&gradients).unwrap_or_else(|| activations.clone().map(|x| x.zeros_like()));
        let layout = Layout::of(&activations.shape()).expect("a layer with maps or tokens");
        (layout.maps(activations), layout.maps(gradient))
    }
}
