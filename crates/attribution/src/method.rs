//! What every explanation method gets and gives.

use models::preprocess::Channels;
use models::{Classifier, Tensor};
use rand::rngs::ChaCha8Rng;

use crate::baseline::Baseline;
use crate::context::Context;
use crate::layer::Layer;

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
    /// A file that the spec names was not given.
    #[error("{method} needs the file that it calls `{name}`")]
    File {
        /// The method.
        method: String,
        /// What the spec calls the file.
        name: String,
    },
    /// A file is there, but of no use.
    #[error("{method}: {path}: {reason}")]
    Unusable {
        /// The method.
        method: String,
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A classifier in another process answers no more.
    #[error("{model}: {reason}")]
    Scores {
        /// The classifier.
        model: String,
        /// What happened.
        reason: String,
    },
}

impl Error {
    /// A method that does not fit a classifier, and why.
    pub fn unfit(method: &str, classifier: &Classifier, reason: impl Into<String>) -> Self {
        Self::Unfit { method: method.into(), model: classifier.name.clone(), reason: reason.into() }
    }
}

/// A method in a list of methods.
pub struct Entry {
    /// The name in spec strings.
    pub name: &'static str,
    /// One line: what it computes.
    pub summary: &'static str,
    /// Where it comes from.
    pub paper: &'static str,
    /// Forward (F) and backward (B) passes for one image.
    pub cost: &'static str,
    /// Takes the parameters out of a spec string.
    pub build: fn(&mut spec::Reader) -> Result<Box<dyn Method>, spec::Error>,
}

/// What a method looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing but class scores, so that any classifier will do.
    Scores,
    /// Layers or gradients.
    Network,
}

/// What a method needs, known before anything is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// What it looks at.
    pub access: Access,
    /// Convolutions that must stay apart from their BatchNorm because their own values are read, or
    /// [`models::network::fold::ALL`].
    pub unfolded: Vec<String>,
    /// Whether it draws from [`Request::baselines`].
    pub baselines: bool,
    /// The names of files that [`Context::file`] must know.
    pub files: Vec<String>,
    /// Whether its maps have the input's channels, and not one.
    pub per_channel: bool,
}

impl Needs {
    /// Class scores only; maps of one channel.
    pub fn scores() -> Self {
        let (unfolded, files) = (Vec::new(), Vec::new());
        Self { access: Access::Scores, unfolded, baselines: false, files, per_channel: false }
    }

    /// The network; maps of one channel.
    pub fn network() -> Self {
        Self { access: Access::Network, ..Self::scores() }
    }

    /// Maps of the input's channels.
    #[must_use]
    pub fn per_channel(self) -> Self {
        Self { per_channel: true, ..self }
    }

    /// Reads a layer.
    #[must_use]
    pub fn layer(self, layer: &Layer) -> Self {
        Self { unfolded: layer.named().map(str::to_string).into_iter().collect(), ..self }
    }

    /// Draws from images if that is its baseline.
    #[must_use]
    pub(crate) fn baseline(self, baseline: Baseline) -> Self {
        Self { baselines: baseline == Baseline::Images, ..self }
    }
}

/// What one image costs, as [`models::Network::forwards`] and [`models::Network::backwards`] count it: a run of a part of the
/// network counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// Inputs run forward.
    pub forwards: u64,
    /// Inputs walked back.
    pub backwards: u64,
    /// Whether these are the numbers; they are the most that there can be if not.
    pub exact: bool,
}

impl Passes {
    /// Numbers that spec and network fix.
    pub fn exact(forwards: usize, backwards: usize) -> Self {
        Self { forwards: forwards as u64, backwards: backwards as u64, exact: true }
    }

    /// Numbers that depend on the image, and are not larger than these.
    pub fn at_most(forwards: usize, backwards: usize) -> Self {
        Self { exact: false, ..Self::exact(forwards, backwards) }
    }
}

/// Images and the classes to explain.
pub struct Request<'a> {
    /// Normalised images `(n, 3, h, w)` on the plain device.
    pub images: Tensor<4>,
    /// The class to explain in each.
    pub targets: &'a [usize],
    /// The key of each image's random numbers: a hash of its content.
    pub keys: &'a [String],
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
    pub(crate) fn pixels(&self, classifier: &Classifier, image: usize) -> Tensor<4> {
        let (black, white) = (classifier.colour(0.0), classifier.colour(1.0));
        let pixels = (self.images.clone().narrow(0, image, 1) - black.clone()) / (white - black);
        match classifier.preprocess.channels {
            Channels::Rgb => pixels,
            Channels::Bgr => pixels.flip([1]),
        }
    }

    /// The random numbers of one draw of a method for one image.
    pub fn random(&self, method: &str, image: usize, draw: usize) -> ChaCha8Rng {
        stats::random::generator(self.seed, &[&self.keys[image], method], draw as u64)
    }
}

/// What a spec string means: a method with its parameters.
pub trait Method: Send + Sync {
    /// What it needs.
    fn needs(&self) -> Needs;

    /// Does what is done once for a classifier: finds layers, checks the fit, modifies weights, loads what was trained.
    ///
    /// # Errors
    /// If the network lacks what the method needs, or a file is of no use.
    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error>;

    /// What one image of height and width `size` costs.
    ///
    /// # Errors
    /// If the network lacks what the method needs.
    fn passes(&self, context: &Context<'_>, size: [usize; 2]) -> Result<Passes, Error>;
}

/// A method that is ready for one classifier.
pub trait Explainer {
    /// Raw signed maps of the input's height and width: `(n, 3, h, w)` if the method attributes to colour
    /// channels, `(n, 1, h, w)` if not.
    ///
    /// # Errors
    /// If the classifier has stopped to answer, or the request lacks what the method needs.
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error>;
}

/// An explainer by a function that cannot fail.
pub fn explainer<'a>(maps: impl FnMut(&Request<'_>) -> Tensor<4> + 'a) -> Box<dyn Explainer + 'a> {
    Box::new(Maps(maps))
}

struct Maps<F>(F);

impl<F: FnMut(&Request<'_>) -> Tensor<4>> Explainer for Maps<F> {
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error> {
        Ok((self.0)(request))
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
                targets: &[0, 0],
                keys: &["a".into(), "b".into()],
                seed: 0,
                batch_size: 1,
                baselines: None,
            };
            let close = testing::Tolerance::new(1e-6, 1e-6);
            testing::assert_close(&tiny::numbers(request.pixels(&classifier, 1)), &image.pixels, close);
        }
    }

    /// Another number in every channel of every pixel.
    fn sample() -> Image {
        let keep = Preprocess::preset("none").unwrap();
        let pixel = |x: u32, y: u32| image::Rgb([(x * 60) as u8, (y * 70) as u8, (x * y * 20) as u8]);
        Image::prepare("", &image::RgbImage::from_fn(4, 3, pixel), &keep).unwrap()
    }
}
