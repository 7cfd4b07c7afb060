//! The values under Gaussian noise whose size follows the channel's range.
//!
//! BEE prints "variance sigma / (max - min)", which shrinks where the range grows; after Sturmfels et al. ("Visualizing the Impact of
//! Feature Attribution Baselines", 2020), whom it cites, the deviation is sigma (max - min). Both are here.

use models::Tensor;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::{Values, range};

/// What sigma means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bee) enum Reading {
    /// The deviation is sigma times the range of the channel.
    Range,
    /// The variance is sigma over the range of the channel, as printed.
    Literal,
}

/// The values under noise with a `sigma` from U(0.1, 0.5); a channel without a range stays as it is.
pub(super) fn draw(values: &Values, reading: Reading, random: &mut ChaCha8Rng) -> Tensor<4> {
    let sigma = 0.1 + 0.4 * random.random::<f32>();
    let normals: Vec<f32> = random.sample_iter(StandardNormal).take(values.host.len()).collect();
    values.like(noisy(values, reading, sigma, &normals))
}

/// The values under given noise of mean 0 and variance 1.
pub(super) fn noisy(values: &Values, reading: Reading, sigma: f32, normals: &[f32]) -> Vec<f32> {
    let mut normals = normals.iter();
    let mut noisy = Vec::with_capacity(values.host.len());
    for channel in values.channels() {
        let (least, most) = range(channel);
        let deviation = match reading {
            Reading::Range => sigma * (most - least),
            Reading::Literal if most > least => (sigma / (most - least)).sqrt(),
            Reading::Literal => 0.0,
        };
        noisy.extend(channel.iter().zip(&mut normals).map(|(value, z)| value + deviation * z));
    }
    noisy
}

#[cfg(test)]
mod tests {
    use super::super::tests::{random, values};
    use super::*;

    /// The range is 4, and nothing in the second channel.
    #[test]
    fn both_readings_are_the_hand_computed_ones() {
        let z = [1.0, -1.0, 0.5, 0.0, 1.0, 1.0, 1.0, 1.0];
        let by_range = noisy(&values(), Reading::Range, 0.25, &z);
        assert_eq!(by_range, [1.0, 0.0, 4.5, 2.0, 3.0, 3.0, 3.0, 3.0]);
        let literal = noisy(&values(), Reading::Literal, 0.25, &z);
        assert_eq!(literal, [0.25, 0.75, 4.125, 2.0, 3.0, 3.0, 3.0, 3.0]);
    }

    #[test]
    fn draws_differ_from_the_values() {
        let drawn = Values::new(draw(&values(), Reading::Range, &mut random()));
        assert!(drawn.host[..4].iter().zip(&values().host).all(|(a, b)| a != b));
        assert_eq!(drawn.host[4..], [3.0; 4]);
    }
}
