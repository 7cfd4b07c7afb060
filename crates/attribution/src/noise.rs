//! Gaussian noise on images.

use models::Tensor;
use spec::Reader;

use crate::request::Request;

/// The unit of the noise's standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// The range (max - min) of the normalised image.
    Range,
    /// Normalised values as they are.
    Absolute,
}

/// Takes the standard deviation out of a spec.
pub(crate) fn take(reader: &mut Reader, default: f32) -> Result<f32, spec::Error> {
    reader.take_if("noise", default, "a number >= 0", |&noise| noise >= 0.0 && noise.is_finite())
}

/// The standard deviation for each image, in normalised values.
pub(crate) fn deviations(request: &Request<'_>, noise: f32, scale: Scale) -> Vec<f32> {
    let [n, ..] = request.dims();
    if scale == Scale::Absolute {
        return vec![noise; n];
    }
    let flat: Tensor<2> = request.images.clone().flatten(1, 3);
    let range = flat.clone().max_dim(1) - flat.min_dim(1);
    let range: Vec<f32> = range.into_data().try_into_vec().expect("images are f32");
    range.into_iter().map(|range| range * noise).collect()
}
