//! The values under a Gaussian along rows and columns.

use attribution::gaussian::{Edge, blur, scipy_radius};
use models::Tensor;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::Values;

/// The strongest blur.
const SIGMA: f64 = 50.0;

/// Under a Gaussian with a deviation from U(0, 50), zeros beyond the border, as the published code has it.
pub(super) fn draw(values: &Values, random: &mut ChaCha8Rng) -> Tensor<4> {
    blurred(values.tensor.clone(), SIGMA * random.random::<f64>())
}

/// SciPy's `gaussian_filter` with `mode="constant"`.
pub(in crate::bee) fn blurred(values: Tensor<4>, sigma: f64) -> Tensor<4> {
    blur(values, sigma, scipy_radius(sigma), Edge::Zero)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{random, values};
    use super::*;

    /// Invariant 18.
    #[test]
    fn no_blur_is_the_identity_and_more_of_it_fades() {
        assert_eq!(Values::new(blurred(values().tensor, 0.0)).host, values().host);
        let drawn = Values::new(draw(&values(), &mut random())).host;
        assert!(drawn.iter().zip(&values().host).all(|(drawn, value)| *drawn <= value.max(4.0)));
    }
}
