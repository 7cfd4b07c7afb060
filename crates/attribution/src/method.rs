//! What every explanation method gets and gives.

use models::features::Layout;
use models::preprocess::Channels;
use models::{Classifier, NodeId, Tensor};
use rand::rngs::ChaCha8Rng;

/// Why a method cannot explain a classifier.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The spec string is wrong.
    #[error(transparent)]
    Spec(#[from] spec::Error),
    /// The method looks into the network, and the classifier lets nobody look.
    #[error("{method} needs the network's layers or gradients; {model} only gives scores")]
    BlackBox {
        /// The method.
        method: String,
        /// The classifier.
        model: String,
    },
    /// The network lacks what the method needs.
    #[error("{method} does not fit {model}: {reason}")]
    Unfit {
        /// The method.
        method: String,
        /// The classifier.
        model: String,
        /// What is missing.
        reason: String,
    },
}

impl Error {
    /// A method that does not fit a classifier, and why.
    pub(crate) fn unfit(method: &str, classifier: &Classifier, reason: impl Into<String>) -> Self {
        Self::Unfit { method: method.into(), model: classifier.name.clone(), reason: reason.into() }
    }
}

/// Images and the classes to explain.
pub struct Request<'a> {
    /// The classifier.
    pub classifier: &'a Classifier,
    /// Normalised images `(n, 3, h, w)` on the plain device.
    pub images: Tensor<4>,
    /// The class to explain in each.
    pub targets: &'a [usize],
    /// What each image is called; the key of its random numbers.
    pub names: &'a [String],
    /// The run's seed.
    pub seed: u64,
    /// The most inputs to run at once, samples included.
    pub batch_size: usize,
    /// Normalised images `(k, 3, h, w)` of the same size that `baseline=images` draws from.
    pub baselines: Option<&'a Tensor<4>>,
}

impl Request<'_> {
    /// Number, channels, height and width of the images.
    pub fn dims(&self) -> [usize; 4] {
        self.images.dims()
    }

    /// One image with values in 0..1, red first, `(1, 3, h, w)`.
    pub(crate) fn pixels(&self, image: usize) -> Tensor<4> {
        let (black, white) = (self.classifier.colour(0.0), self.classifier.colour(1.0));
        let pixels = (self.images.clone().narrow(0, image, 1) - black.clone()) / (white - black);
        match self.classifier.preprocess.channels {
            Channels::Rgb => pixels,
            Channels::Bgr => pixels.flip([1]),
        }
    }

    /// The random numbers of one draw of a method for one image.
    pub fn random(&self, method: &str, image: usize, draw: usize) -> ChaCha8Rng {
        stats::random::generator(self.seed, &[&self.names[image], method], draw as u64)
    }
}

/// An explanation method with its parameters.
pub trait Method: Send + Sync {
    /// Raw signed maps of the input's height and width: `(n, 3, h, w)` if the method attributes to colour
    /// channels, `(n, 1, h, w)` if not.
    fn explain(&self, request: &Request<'_>) -> Tensor<4>;

    /// Whether the method fits the classifier; asked before any work.
    ///
    /// # Errors
    /// If the network lacks what the method needs.
    fn check(&self, _classifier: &Classifier) -> Result<(), Error> {
        Ok(())
    }

    /// Whether the method asks for nothing but class scores, so that any classifier will do.
    fn is_black_box(&self) -> bool {
        false
    }

    /// A convolution that must stay apart from its BatchNorm because its own value is read, or
    /// [`models::network::fold::ALL`].
    fn unfolded(&self) -> Option<&str> {
        None
    }
}

/// A layer parameter: `auto` is the classifier's own choice.
#[derive(Clone, Debug)]
pub(crate) struct Layer(String);

impl Layer {
    pub(crate) fn take(reader: &mut spec::Reader) -> Result<Self, spec::Error> {
        reader.take("layer", "auto".to_string()).map(Self)
    }

    pub(crate) fn named(&self) -> Option<&str> {
        (self.0 != "auto").then_some(&self.0)
    }

    /// The node, if the network has it and it holds feature maps.
    pub(crate) fn find(&self, method: &str, classifier: &Classifier) -> Result<NodeId, Error> {
        let unfit = |reason| Error::unfit(method, classifier, reason);
        let graph = classifier.network.graph();
        let node = match self.named() {
            Some(name) => graph.find(name).ok_or_else(|| unfit(format!("it has no layer `{name}`")))?,
            None => classifier.layer,
        };
        let shapes = graph.shapes(graph.input).map_err(|error| unfit(error.to_string()))?;
        if Layout::at(graph, &shapes, node).is_some() {
            return Ok(node);
        }
        let name = &graph.nodes[node].name;
        Err(unfit(format!("layer `{name}` has neither feature maps nor tokens on a square grid")))
    }
}

#[cfg(test)]
mod tests {
    use models::{Image, Preprocess};

    use super::*;
    use crate::tiny;

    #[test]
    fn pixels_are_the_image_whatever_the_network_takes() {
        let image = sample();
        for name in ["imagenet-keep", "caffe", "none"] {
            let mut classifier = tiny::resnet("tiny_basic", &[]);
            classifier.preprocess = Preprocess::preset(name).unwrap();
            let request = Request {
                images: classifier.input(&[&image, &image]),
                classifier: &classifier,
                targets: &[0, 0],
                names: &["a".into(), "b".into()],
                seed: 0,
                batch_size: 1,
                baselines: None,
            };
            let close = testing::Tolerance::new(1e-6, 1e-6);
            testing::assert_close(&tiny::numbers(request.pixels(1)), &image.pixels, close);
        }
    }

    /// Another number in every channel of every pixel.
    fn sample() -> Image {
        let keep = Preprocess::preset("none").unwrap();
        let pixel = |x: u32, y: u32| image::Rgb([(x * 60) as u8, (y * 70) as u8, (x * y * 20) as u8]);
        Image::prepare("", &image::RgbImage::from_fn(4, 3, pixel), &keep).unwrap()
    }
}
