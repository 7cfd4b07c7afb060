//! Where a path to the image starts, or what stands for "nothing there".

use models::{Classifier, Tensor, TensorData};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_distr::StandardNormal;
use spec::Reader;

use crate::gaussian::{self, Edge};
use crate::request::Request;

/// A baseline image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Baseline {
    /// Zero in normalised space: the mean colour of the data set.
    Zero,
    /// Black pixels.
    Black,
    /// The image's own mean colour.
    Mean,
    /// The image under torchvision's `GaussianBlur(31, 10)`. A perturbation's `fill=blur` is another, weaker one.
    StrongBlur,
    /// Pixels uniform in 0..1. A perturbation's `fill=uniform` has normalised values in 0..1.
    UniformPixels,
    /// Normalised values from a standard normal distribution.
    Normal,
    /// Images that the user names. Draws go through all of them in a random order before one comes again.
    Images,
}

const WORDS: [(&str, Baseline); 7] = [
    ("zero", Baseline::Zero),
    ("black", Baseline::Black),
    ("mean", Baseline::Mean),
    ("strong-blur", Baseline::StrongBlur),
    ("uniform-pixels", Baseline::UniformPixels),
    ("normal", Baseline::Normal),
    ("images", Baseline::Images),
];

/// Those of which each draw is another one.
const DRAWN: [(&str, Baseline); 3] =
    [("uniform-pixels", Baseline::UniformPixels), ("normal", Baseline::Normal), ("images", Baseline::Images)];

impl Baseline {
    /// Takes `baseline` out of a spec string.
    pub(crate) fn take(reader: &mut Reader) -> Result<Self, spec::Error> {
        reader.choose("baseline", &WORDS)
    }

    /// Takes `baseline` out of the spec string of a method that draws many.
    pub(crate) fn take_drawn(reader: &mut Reader) -> Result<Self, spec::Error> {
        reader.choose("baseline", &DRAWN)
    }

    /// The baselines of some images, `(images, 3, h, w)`. Random ones are keyed by image and draw.
    pub(crate) fn of(
        self,
        classifier: &Classifier,
        request: &Request<'_>,
        images: &[usize],
        draw: usize,
    ) -> Tensor<4> {
        let one = |&image: &usize| {
            let x = request.images.clone().narrow(0, image, 1);
            match self {
                Self::Zero => x.zeros_like(),
                Self::Black => x.zeros_like() + classifier.colour(0.0),
                Self::Mean => x.zeros_like() + x.mean_dim(3).mean_dim(2),
                Self::StrongBlur => gaussian::blur(x, 10.0, 15, Edge::Reflect),
                Self::UniformPixels => {
                    let (black, white) = (classifier.colour(0.0), classifier.colour(1.0));
                    noise(request, image, draw, |random, count| random.random_iter().take(count).collect())
                        * (white - black.clone())
                        + black
                }
                Self::Normal => noise(request, image, draw, |random, count| {
                    random.sample_iter(StandardNormal).take(count).collect()
                }),
                Self::Images => drawn(request, image, draw),
            }
        };
        Tensor::cat(images.iter().map(one).collect(), 0)
    }
}

/// The baseline image of one draw.
fn drawn(request: &Request<'_>, image: usize, draw: usize) -> Tensor<4> {
    let all = request.baselines.expect("a prepared method has seen that the images are there");
    let count = all.dims()[0];
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut request.random("baseline", image, draw / count));
    all.clone().narrow(0, order[draw % count], 1)
}

/// Random numbers in the shape of an image.
fn noise(
    request: &Request<'_>,
    image: usize,
    draw: usize,
    numbers: impl Fn(rand::rngs::ChaCha8Rng, usize) -> Vec<f32>,
) -> Tensor<4> {
    let [_, c, h, w] = request.dims();
    let numbers = numbers(request.random("baseline", image, draw), c * h * w);
    Tensor::from_data(TensorData::new(numbers, [1, c, h, w]), &request.images.device())
}
