//! Random values within the range of each channel.

use models::Tensor;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::{Values, range};

/// `U(min_c, max_c)` for each element.
pub(super) fn draw(values: &Values, random: &mut ChaCha8Rng) -> Tensor<4> {
    let mut drawn = Vec::with_capacity(values.host.len());
    for channel in values.channels() {
        let (least, most) = range(channel);
        let value = |u: f32| (least + (most - least) * u).clamp(least, most);
        drawn.extend((0..channel.len()).map(|_| value(random.random())));
    }
    values.like(drawn)
}
