//! What perturbed pixels are replaced with, as far as the image alone decides it.

use rand::RngExt;
use rand_distr::StandardNormal;
use stats::gaussian::Blur;

use crate::{Preprocess, box_blur};

/// A replacement for a whole image, in the network's normalised space. Fills are painted on the host, so they are
/// the same on every device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fill {
    /// Pixel value 0: POS and NEG of Chefer et al. and of EEA, "delete" of the Meaningful Perturbation metric.
    Black,
    /// One value of 0..255 for all pixels and channels: 255 is white; InterpretDL's grey is 127.
    Constant(u8),
    /// The least number in the normalised image, over all channels: "black" of Quantus.
    Least,
    /// The greatest number in the normalised image, over all channels: "white" of Quantus.
    Greatest,
    /// The mean of the normalised image over all pixels and channels: "mean" of Quantus, if it were not that of the image as
    /// perturbed so far.
    Level,
    /// The image's own mean colour: "mean" of the Meaningful Perturbation metric.
    Mean,
    /// 0 in normalised space, the mean colour of the data set: "mean" of the Coherency study, the zero of RISE and BEE.
    Zero,
    /// The image blurred: "blur" of the Coherency study with a kernel of 11 and a deviation of 5.
    Blur(Blur),
    /// The normalised image under RISE's kernel, whose deviation of 5 is folded into 11 x 11 pixels so that it is nearly a box;
    /// zeros lie around the image.
    Folded(Blur),
    /// The mean of a square of this odd side of the normalised image, zeros around it; 0 is Gomez et al.'s side: a fifth of
    /// the height, at least 9, made odd.
    Box {
        /// Pixels on a side.
        side: usize,
    },
    /// Pillow's `GaussianBlur(radius)` of the bytes: "blur" of the Meaningful Perturbation metric with a radius of 10.
    Boxes {
        /// The deviation in pixels.
        radius: u32,
    },
    /// Independent numbers from U(0, 1) in normalised space for each pixel and channel: "uniform" of the Coherency study.
    Uniform {
        /// Which of several images of noise.
        draw: u64,
    },
    /// Independent pixel values from U(0, 1), normalised like the image: Samek et al., region perturbation.
    UniformPixels {
        /// Which of several images of noise.
        draw: u64,
    },
    /// Independent numbers from N(0, 1) in normalised space: AttriBench.
    Normal {
        /// Which of several images of noise.
        draw: u64,
    },
}

/// Why an image cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// A border can be reflected only once.
    #[error("a blur of {kernel} pixels needs an image larger than {} x {}, not {} x {}", kernel / 2, kernel / 2, size[0], size[1])]
    TooSmall {
        /// The number of taps.
        kernel: usize,
        /// Height and width of the image.
        size: [usize; 2],
    },
    /// Whoever paints it has failed.
    #[error("{0}")]
    Failed(String),
}

impl Fill {
    /// Paints an image of `size` (height, width) whose normalised planes are `pixels`, (C, H, W) in C order.
    ///
    /// Noise is keyed by (`seed`, "uniform", "uniform-pixels" or "normal", `hash` of the image, draw).
    ///
    /// # Errors
    /// If the image is too small to be blurred.
    pub fn paint(
        self,
        pixels: &[f32],
        size: [usize; 2],
        preprocess: &Preprocess,
        seed: u64,
        hash: &str,
    ) -> Result<Vec<f32>, FillError> {
        let (area, all) = (size[0] * size[1], pixels.len());
        let random = |kind, draw| stats::random::generator(seed, &[kind, hash], draw);
        Ok(match self {
            Self::Black => solid(preprocess.normalised(0.0), area),
            Self::Constant(value) => solid(preprocess.normalised(f32::from(value) / 255.0), area),
            Self::Zero => vec![0.0; all],
            Self::Least => vec![pixels.iter().copied().fold(f32::INFINITY, f32::min); all],
            Self::Greatest => vec![pixels.iter().copied().fold(f32::NEG_INFINITY, f32::max); all],
            Self::Level => vec![mean(pixels); all],
            Self::Mean => solid(pixels.chunks(area).map(mean).collect(), area),
            Self::Blur(blur) => blurred(pixels, size, blur)?,
            Self::Folded(blur) => {
                let weights = box_blur::folded_gaussian(blur.kernel, blur.sigma);
                weighed(pixels, size, &weights)
            }
            Self::Box { side } => {
                let side = if side == 0 { (size[0] / 5).max(9) | 1 } else { side };
                weighed(pixels, size, &vec![1.0 / side as f64; side])
            }
            Self::Boxes { radius } => {
                let mut bytes = preprocess.bytes(pixels);
                bytes.chunks_mut(area).for_each(|plane| box_blur::gaussian_by_boxes(plane, size[1], radius));
                preprocess.normalise_bytes(&bytes)
            }
            Self::Uniform { draw } => random("uniform", draw).random_iter::<f32>().take(all).collect(),
            Self::UniformPixels { draw } => {
                let values = random("uniform-pixels", draw).random_iter::<f32>().take(all).enumerate();
                let channel = |i: usize| (preprocess.mean[i / area], preprocess.std[i / area]);
                values.map(|(i, value)| (value - channel(i).0) / channel(i).1).collect()
            }
            Self::Normal { draw } => random("normal", draw).sample_iter(StandardNormal).take(all).collect(),
        })
    }
}

/// A border is reflected once only, as torchvision does: what a blur of a smaller image would mean is not defined.
fn blurred(pixels: &[f32], size: [usize; 2], blur: Blur) -> Result<Vec<f32>, FillError> {
    let (kernel, [height, width]) = (blur.kernel, size);
    if kernel / 2 >= height.min(width) {
        return Err(FillError::TooSmall { kernel, size });
    }
    let mut planes = pixels.to_vec();
    planes.chunks_mut(height * width).for_each(|plane| blur.apply(plane, width));
    Ok(planes)
}

fn weighed(pixels: &[f32], [height, width]: [usize; 2], weights: &[f64]) -> Vec<f32> {
    let mut planes = pixels.to_vec();
    planes.chunks_mut(height * width).for_each(|plane| box_blur::weigh(plane, width, weights));
    planes
}

fn solid(colour: Vec<f32>, area: usize) -> Vec<f32> {
    colour.into_iter().flat_map(|value| std::iter::repeat_n(value, area)).collect()
}

fn mean(plane: &[f32]) -> f32 {
    (plane.iter().copied().map(f64::from).sum::<f64>() / plane.len() as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paint(fill: Fill, hash: &str) -> Vec<f32> {
        let pixels = [0.0, 1.0, 5.0, 7.0, -1.0, -3.0];
        let preprocess = Preprocess::preset("imagenet-keep").unwrap();
        fill.paint(&pixels, [1, 2], &preprocess, 0, hash).unwrap()
    }

    #[test]
    fn solid_fills() {
        assert_eq!(paint(Fill::Mean, ""), [0.5, 0.5, 6.0, 6.0, -2.0, -2.0]);
        assert_eq!(paint(Fill::Zero, ""), [0.0; 6]);
        assert_eq!(paint(Fill::Black, "")[2], -0.456 / 0.224);
        assert_eq!(paint(Fill::Constant(0), ""), paint(Fill::Black, ""));
        assert_eq!(paint(Fill::Constant(255), "")[2], (1.0 - 0.456) / 0.224);
        assert_eq!(paint(Fill::Least, ""), [-3.0; 6]);
        assert_eq!(paint(Fill::Greatest, ""), [7.0; 6]);
        assert_eq!(paint(Fill::Level, ""), [1.5; 6]);
    }

    #[test]
    fn noise_belongs_to_an_image_and_a_draw() {
        let noise = |draw, hash| paint(Fill::Uniform { draw }, hash);
        assert_eq!(noise(0, "a1"), noise(0, "a1"));
        assert_ne!(noise(0, "a1"), noise(1, "a1"));
        assert_ne!(noise(0, "a1"), noise(0, "b2"));
        assert!(noise(0, "a1").iter().all(|value| (0.0..1.0).contains(value)));
        let of_bytes = paint(Fill::UniformPixels { draw: 0 }, "a1");
        assert!((0..2).all(|i| (0.0..1.0).contains(&(of_bytes[2 + i] * 0.224 + 0.456))), "{of_bytes:?}");
        assert_ne!(paint(Fill::Normal { draw: 0 }, "a1"), paint(Fill::Normal { draw: 1 }, "a1"));
    }

    #[test]
    fn an_image_smaller_than_the_blur_is_an_error() {
        let fill = Fill::Blur(Blur { kernel: 11, sigma: 5.0 });
        let preprocess = Preprocess::preset("imagenet-keep").unwrap();
        let error = fill.paint(&[0.0; 75], [5, 5], &preprocess, 0, "").unwrap_err().to_string();
        assert_eq!(error, "a blur of 11 pixels needs an image larger than 5 x 5, not 5 x 5");
    }
}
