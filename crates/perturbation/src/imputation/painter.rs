//! Imputation as a fill.

use images::FillError;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::linear::impute;
use crate::host_image::HostImage;
use crate::painter::{Painter, Reuse};

/// About the greatest error of an imputed value from the exact solution, where 1 is the range of a pixel: far below the noise
/// and the eight bits of an image. In the largest holes single precision adds up to five times as much.
const ACCURACY: f32 = 1e-5;

/// ROAD's noisy linear imputation of every pixel that is replaced in whole or in part, in all channels.
///
/// The noise is normal, in units of 0..1 before an image is normalised, and lies on replaced pixels only. An image has one
/// field of it, keyed by (seed, "impute", hash of the image), so that its inputs differ in nothing but their pixels, whatever
/// shares a batch. Values are not cut to 0..1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Impute {
    /// The standard deviation of the noise.
    pub(crate) noise: f32,
}

impl Painter for Impute {
    fn key(&self) -> String {
        format!("impute:noise={}", self.noise)
    }

    fn reuse(&self) -> Reuse {
        Reuse::Mask
    }

    fn needs_pixels(&self) -> bool {
        true
    }

    fn paint(&self, image: &HostImage, replaced: &[f32]) -> Result<Vec<f32>, FillError> {
        let missing: Vec<bool> = replaced.iter().map(|&share| share > 0.0).collect();
        let deviations = &image.preprocess().std;
        // The weighted mean of neighbours is the same, before and after an image is normalised.
        let accuracy = ACCURACY / deviations.iter().fold(0.0, |greatest: f32, &std| greatest.max(std));
        let imputed = impute(image.pixels(), image.size(), &missing, accuracy);
        let mut planes = imputed.map_err(|error| FillError::Failed(format!("imputation: {error}")))?;
        if self.noise > 0.0 {
            let mut normal = stats::random::generator(image.seed(), &["impute", image.hash()], 0)
                .sample_iter(StandardNormal);
            for (plane, std) in planes.chunks_mut(missing.len()).zip(deviations) {
                for (value, &missing) in plane.iter_mut().zip(&missing) {
                    // Drawn for every pixel, so that a pixel's noise does not depend on which others are missing.
                    let drawn: f32 = normal.next().unwrap_or_default();
                    *value += if missing { drawn * self.noise / std } else { 0.0 };
                }
            }
        }
        Ok(planes)
    }
}
