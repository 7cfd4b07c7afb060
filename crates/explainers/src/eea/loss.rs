//! What an EEA explainer learns (EEA, section 3): the explained network shall still see the class behind the mask, and the mask
//! shall be small.

use std::fmt::{self, Display};
use std::str::FromStr;

use learning::{Targets, cross_entropy};
use models::{Classifier, Tensor, log_sigmoid, sigmoid};
use serde::{Deserialize, Serialize};

use super::network::masks;
use crate::masked::masked;

/// How large a mask `m` in 0..1 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskLoss {
    /// The mean of `ln(1 + e^m)`: binary cross-entropy with zero of a mask that is taken for a logit once more, which is what the
    /// published code computes.
    DoubleSigmoid,
    /// The mean of `-ln(1 - m)`: binary cross-entropy with zero.
    Bce,
    /// The mean of `m`.
    L1,
}

/// The loss of an explainer: cross-entropy on masked images plus `lambda` times the size of the masks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// How the size is measured.
    pub mask: MaskLoss,
    /// What it is multiplied by: in the paper 50, of ViT-S 30.
    pub lambda: f64,
}

impl MaskLoss {
    /// All of them by name.
    pub const ALL: [(&'static str, Self); 3] =
        [("double-sigmoid", Self::DoubleSigmoid), ("bce", Self::Bce), ("l1", Self::L1)];

    /// Of the logits of masks `(n, 1, h, w)`, over all positions.
    pub fn of(self, logits: Tensor<4>) -> Tensor<1> {
        match self {
            Self::DoubleSigmoid => log_sigmoid(-sigmoid(logits)).mean().neg(),
            Self::Bce => log_sigmoid(-logits).mean().neg(),
            Self::L1 => sigmoid(logits).mean(),
        }
    }
}

impl FromStr for MaskLoss {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        let known = Self::ALL.map(|(known, _)| known).join(", ");
        found.map(|(_, loss)| *loss).ok_or_else(|| format!("known are {known}"))
    }
}

impl Display for MaskLoss {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Self::ALL.iter().find(|(_, loss)| loss == self);
        out.write_str(found.map_or("", |(name, _)| name))
    }
}

impl Loss {
    /// Of normalised images `(n, c, h, w)` behind masks of which these are the logits `(n, 1, h', w')`, and of which the classifier
    /// shall see the targets. The gradient goes through the classifier, whose weights are constants.
    pub fn of(
        self,
        classifier: &Classifier,
        images: Tensor<4>,
        logits: Tensor<4>,
        targets: &[usize],
    ) -> Tensor<1> {
        let [_, _, h, w] = images.dims();
        let seen = masked(images, masks(logits.clone(), [h, w]), &classifier.colour(0.0));
        let entropy = cross_entropy(classifier.logits(seen), &Targets::Classes(targets.to_vec()), 0.0);
        entropy + self.mask.of(logits) * self.lambda
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::{TensorData, device};

    /// The loss of masks and its gradient at their logits over `m (1 - m)`, which is that at the masks.
    fn loss(mask: MaskLoss, masks: &[f32]) -> (f32, Vec<f32>) {
        let logits: Vec<f32> = masks.iter().map(|m| (m / (1.0 - m)).ln()).collect();
        let data = TensorData::new(logits, [1, 1, 1, masks.len()]);
        let logits = Tensor::<4>::from_data(data, &device::cpu().device.autodiff()).require_grad();
        let loss = mask.of(logits.clone());
        let gradients = loss.clone().backward();
        let gradient: Vec<f32> = logits.grad(&gradients).unwrap().into_data().try_into_vec().unwrap();
        let gradient = gradient.iter().zip(masks).map(|(slope, m)| slope / (m * (1.0 - m)));
        (loss.into_scalar(), gradient.collect())
    }

    fn near(found: f32, expected: f32) {
        assert!((found - expected).abs() < 2e-6, "{found}, {expected}");
    }

    #[test]
    fn by_hand() {
        let masks = [0.25_f32, 0.75];
        let (value, gradient) = loss(MaskLoss::DoubleSigmoid, &masks);
        near(value, 0.5 * ((1.0 + 0.25_f32.exp()).ln() + (1.0 + 0.75_f32.exp()).ln()));
        near(gradient[0], 0.5 / (1.0 + (-0.25_f32).exp()));
        let (value, gradient) = loss(MaskLoss::Bce, &masks);
        near(value, -(0.75_f32.ln() + 0.25_f32.ln()) / 2.0);
        near(gradient[1], 0.5 / 0.25);
        let (value, gradient) = loss(MaskLoss::L1, &masks);
        near(value, 0.5);
        near(gradient[0], 0.5);
        near(gradient[1], 0.5);
    }

    /// Between 0.693 and 1.313 with slopes from 0.5 to 0.731: nearly a multiple of L1.
    #[test]
    fn a_double_sigmoid_is_nearly_a_line() {
        let at = |m: f32| loss(MaskLoss::DoubleSigmoid, &[m]);
        near(at(1e-3).0, (1.0 + 1e-3_f32.exp()).ln());
        near(at(1e-3).1[0], 1.0 / (1.0 + (-1e-3_f32).exp()));
        near(at(0.999).0, (1.0 + 0.999_f32.exp()).ln());
    }

    /// A mask of a logit of 40 is 1 in `f32`, and its cross-entropy with zero 40, with a slope of 1.
    #[test]
    fn a_mask_that_rounds_to_one_has_its_loss_and_slope() {
        let device = device::cpu().device.autodiff();
        let logits = Tensor::<4>::from_data([[[[40.0_f32, -40.0]]]], &device).require_grad();
        let loss = MaskLoss::Bce.of(logits.clone());
        let gradients = loss.clone().backward();
        let gradient: Vec<f32> = logits.grad(&gradients).unwrap().into_data().try_into_vec().unwrap();
        assert_eq!((loss.into_scalar::<f32>(), gradient[0]), (20.0, 0.5));
        assert!(gradient[1].abs() < 1e-15, "{gradient:?}");
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for (name, loss) in MaskLoss::ALL {
            assert_eq!((name.parse(), loss.to_string()), (Ok(loss), name.to_owned()));
        }
        assert_eq!("l2".parse::<MaskLoss>().unwrap_err(), "known are double-sigmoid, bce, l1");
    }
}
