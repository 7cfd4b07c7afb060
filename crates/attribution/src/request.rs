//! What is asked of a method that is ready.

use models::preprocess::Channels;
use models::{Classifier, Tensor};
use rand::rngs::ChaCha8Rng;

/// Images and the classes to explain.
pub struct Request<'a> {
    /// Normalised images `(n, c, h, w)` on the plain device.
    pub images: Tensor<4>,
    /// The class to explain in each.
    pub targets: &'a [usize],
    /// The key of each image's random numbers: a hash of its content.
    pub keys: &'a [String],
    /// The run's seed.
    pub seed: u64,
    /// The most inputs to run at once, samples included.
    pub batch_size: usize,
    /// Normalised images `(k, c, h, w)` of the same size that `baseline=images` draws from.
    pub baselines: Option<&'a Tensor<4>>,
}

impl Request<'_> {
    /// Number, channels, height and width of the images.
    pub fn dims(&self) -> [usize; 4] {
        self.images.dims()
    }

    /// One image with values in 0..1, red first, `(1, c, h, w)`.
    pub(crate) fn pixels(&self, classifier: &Classifier, image: usize) -> Tensor<4> {
        let (black, white) = (classifier.colour(0.0), classifier.colour(1.0));
        let pixels = (self.images.clone().narrow(0, image, 1) - black.clone()) / (white - black);
        match classifier.preprocess.channels {
            Channels::Bgr => pixels.flip([1]),
            Channels::Grey | Channels::Rgb | Channels::Rgba => pixels,
        }
    }

    /// The random numbers of one draw of a method for one image.
    pub fn random(&self, method: &str, image: usize, draw: usize) -> ChaCha8Rng {
        stats::random::generator(self.seed, &[&self.keys[image], method], draw as u64)
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
