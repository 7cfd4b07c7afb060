//! One random value for each channel.

use models::Tensor;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::{Values, range};

/// `U(min_c, max_c)`, once for each channel.
pub(super) fn draw(values: &Values, random: &mut ChaCha8Rng) -> Tensor<4> {
    let channel = |channel: &[f32]| {
        let (least, most) = range(channel);
        let value = least + (most - least) * random.random::<f32>();
        std::iter::repeat_n(value.clamp(least, most), channel.len())
    };
    values.like(values.channels().flat_map(channel).collect())
}
