//! What a baseline may be: the arms that a bandit chooses from (BEE 2025, section 3.2).
//!
//! Each is drawn for the values that it stands in for: feature maps, attention or an image. A channel's least and greatest value bound what is
//! drawn for it.

pub(super) mod blur;
pub(super) mod constant;
pub(super) mod normal;
pub(super) mod training;
pub(super) mod uniform;

use models::{Tensor, TensorData};
use rand::rngs::ChaCha8Rng;

pub(super) use normal::Reading;

/// A kind of baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arm {
    /// One value for each channel.
    Constant,
    /// The values under a Gaussian.
    Blur,
    /// Values between the least and the greatest of the channel.
    Uniform,
    /// The values under noise.
    Normal,
    /// The values of training images.
    Training,
}

/// All arms, in the order of their numbers.
pub(super) const ALL: [Arm; 5] = [Arm::Constant, Arm::Blur, Arm::Uniform, Arm::Normal, Arm::Training];

impl Arm {
    /// What specs and traces call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Blur => "blur",
            Self::Uniform => "uniform",
            Self::Normal => "normal",
            Self::Training => "training",
        }
    }

    /// Reads `constant+blur`.
    pub(super) fn read(text: &str, method: &str) -> Result<(Vec<Self>, String), spec::Error> {
        let wrong = || spec::Error::Value {
            name: method.into(),
            key: "arms".into(),
            value: text.into(),
            expected: format!("some of {}, each once", ALL.map(Self::name).join("+")),
        };
        let names: Vec<&str> = text.split('+').collect();
        let known = names.iter().filter(|name| ALL.iter().any(|arm| arm.name() == **name)).count();
        let arms: Vec<Self> = ALL.into_iter().filter(|arm| names.contains(&arm.name())).collect();
        if known != names.len() || arms.len() != names.len() {
            return Err(wrong());
        }
        let canonical = arms.iter().map(|arm| arm.name()).collect::<Vec<_>>().join("+");
        Ok((arms, canonical))
    }
}

/// The values of one image that a baseline stands in for.
pub(super) struct Values {
    /// `(1, c, h, w)`.
    pub(super) tensor: Tensor<4>,
    /// The same, channel after channel.
    pub(super) host: Vec<f32>,
}

impl Values {
    pub(super) fn new(tensor: Tensor<4>) -> Self {
        let host = tensor.clone().into_data().try_into_vec().expect("values are f32");
        Self { tensor, host }
    }

    /// The values of each channel.
    pub(super) fn channels(&self) -> impl Iterator<Item = &[f32]> {
        let [_, channels, ..] = self.tensor.dims();
        self.host.chunks((self.host.len() / channels).max(1))
    }

    /// A baseline of the same shape.
    pub(super) fn like(&self, baseline: Vec<f32>) -> Tensor<4> {
        Tensor::from_data(TensorData::new(baseline, self.tensor.dims()), &self.tensor.device())
    }

    /// A baseline that is made from the values; nothing of training images, which are not.
    pub(super) fn draw(&self, arm: Arm, reading: Reading, random: &mut ChaCha8Rng) -> Option<Tensor<4>> {
        match arm {
            Arm::Constant => Some(constant::draw(self, random)),
            Arm::Blur => Some(blur::draw(self, random)),
            Arm::Uniform => Some(uniform::draw(self, random)),
            Arm::Normal => Some(normal::draw(self, reading, random)),
            Arm::Training => None,
        }
    }
}

/// The least and the greatest of some values.
fn range(values: &[f32]) -> (f32, f32) {
    let least = values.iter().copied().fold(f32::INFINITY, f32::min);
    (least, values.iter().copied().fold(f32::NEG_INFINITY, f32::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn random() -> ChaCha8Rng {
        stats::random::generator(0, &["arms"], 0)
    }

    /// Two channels, one of them constant.
    pub(super) fn values() -> Values {
        let numbers = TensorData::new(vec![0.0_f32, 1.0, 4.0, 2.0, 3.0, 3.0, 3.0, 3.0], [1, 2, 2, 2]);
        Values::new(Tensor::from_data(numbers, &models::device::cpu().device))
    }

    #[test]
    fn arms_are_named_in_any_order_and_written_in_one() {
        let read = |text: &str| Arm::read(text, "pbee").map(|(_, canonical)| canonical);
        assert_eq!(read("training+constant").unwrap(), "constant+training");
        for wrong in ["", "blurred", "blur+blur", "blur+", "blur,normal"] {
            assert!(read(wrong).unwrap_err().to_string().contains("is not some of constant+blur"), "{wrong}");
        }
    }

    /// Invariant 18, and a channel without a range stays what it is.
    #[test]
    fn draws_lie_within_their_channel_and_have_its_shape() {
        let values = values();
        for arm in [Arm::Constant, Arm::Uniform] {
            for draw in 0..20 {
                let mut random = stats::random::generator(0, &["arms"], draw);
                let drawn = Values::new(values.draw(arm, Reading::Range, &mut random).unwrap());
                let [first, second] = &drawn.channels().map(range).collect::<Vec<_>>()[..] else { panic!() };
                assert!(first.0 >= 0.0 && first.1 <= 4.0 && *second == (3.0, 3.0), "{arm:?}");
                assert_eq!(first.0 == first.1, arm == Arm::Constant);
            }
        }
    }
}
