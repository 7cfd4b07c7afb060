//! What TAME learns (TAME, equation 4): the class shall still be seen behind its mask, which shall be small and smooth.

use learning::{Targets, cross_entropy};
use models::resize::Resample;
use models::{Classifier, Int, Tensor, TensorData, sigmoid};
use serde::{Deserialize, Serialize};

use crate::masked::masked;

/// Whose masks shall be small and smooth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Masks {
    /// Of each image the one of its class, as in the paper.
    Own,
    /// Of each image those of the classes of all images of its batch, as the published code has it: the smoothness then counts as
    /// many times as there are images.
    Batch,
}

/// The weights of the loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Of the cross-entropy behind the mask.
    pub entropy: f64,
    /// Of the area, the mean of `(m + 0.0005)^0.3`.
    pub area: f64,
    /// Of the smoothness: half the squared differences of neighbours, and `border` times the squares at the border, over the images.
    pub smoothness: f64,
    /// Whose masks count.
    pub masks: Masks,
}

/// Added to a mask, whose root has no slope at zero.
const SHIFT: f64 = 0.0005;
/// The exponent of the area.
const POWER: f64 = 0.3;
/// What squares at the border are multiplied by.
const BORDER: f64 = 0.3;

impl Loss {
    /// That of the paper.
    pub const PUBLISHED: Self = Self { entropy: 1.5, area: 2.0, smoothness: 0.01, masks: Masks::Own };

    /// Of normalised images `(n, c, h, w)` and the maps of all classes `(n, classes, h', w')` before the sigmoid. The gradient goes
    /// through the classifier, whose weights are constants.
    pub fn of(
        self,
        classifier: &Classifier,
        images: Tensor<4>,
        maps: Tensor<4>,
        targets: &[usize],
    ) -> Tensor<1> {
        let [n, _, h, w] = images.dims();
        let own = sigmoid(of_classes(&maps, targets));
        let seen = masked(images, Resample::BILINEAR.resize(own.clone(), h, w), &classifier.colour(0.0));
        let entropy = cross_entropy(classifier.logits(seen), &Targets::Classes(targets.to_vec()), 0.0);
        let counted = match self.masks {
            Masks::Own => own,
            Masks::Batch => sigmoid(of_batch(&maps, targets)),
        };
        entropy * self.entropy
            + area(counted.clone()) * self.area
            + roughness(counted) * (self.smoothness / n as f64)
    }
}

/// Of each image the map of its class, `(n, 1, h, w)`.
pub(crate) fn of_classes(maps: &Tensor<4>, classes: &[usize]) -> Tensor<4> {
    let [n, _, h, w] = maps.dims();
    let rows: Vec<i32> = classes.iter().map(|&class| class as i32).collect();
    let rows = Tensor::<4, Int>::from_data(TensorData::new(rows, [n, 1, 1, 1]), &maps.device());
    maps.clone().gather(1, rows.expand([n, 1, h, w]))
}

/// Of each image the maps of all images' classes, `(n, n, h, w)`.
fn of_batch(maps: &Tensor<4>, classes: &[usize]) -> Tensor<4> {
    let rows: Vec<i32> = classes.iter().map(|&class| class as i32).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [classes.len()]), &maps.device());
    maps.clone().select(1, rows)
}

fn area(masks: Tensor<4>) -> Tensor<1> {
    (masks + SHIFT).powf_scalar(POWER).mean()
}

/// Half the squares of the differences of neighbours down and right, and of the border.
fn roughness(masks: Tensor<4>) -> Tensor<1> {
    let squares = |x: Tensor<4>| (x.clone() * x).sum();
    let [_, _, h, w] = masks.dims();
    let part = |axis: usize, start: usize, length: usize| masks.clone().narrow(axis, start, length);
    let steps = |axis: usize, side: usize| squares(part(axis, 1, side - 1) - part(axis, 0, side - 1));
    let edges = |axis: usize, side: usize| squares(part(axis, 0, 1)) + squares(part(axis, side - 1, 1));
    (steps(2, h) + steps(3, w) + (edges(2, h) + edges(3, w)) * BORDER) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::device;

    fn masks(numbers: &[f32]) -> Tensor<4> {
        Tensor::from_data(TensorData::new(numbers.to_vec(), [1, 1, 2, 2]), &device::cpu().device)
    }

    #[test]
    fn by_hand() {
        let rough: f32 = roughness(masks(&[0.1, 0.4, 0.2, 0.8])).into_scalar();
        // Down 0.1 and 0.4, right 0.3 and 0.6; every pixel is at the border twice.
        let (steps, border) = (0.01 + 0.16 + 0.09 + 0.36, 2.0 * (0.01 + 0.16 + 0.04 + 0.64));
        assert!((rough - 0.5 * (steps + 0.3 * border)).abs() < 1e-6, "{rough}");
        let size: f32 = area(masks(&[0.0, 0.0, 1.0, 1.0])).into_scalar();
        let expected = 0.5 * (0.0005_f32.powf(0.3) + 1.0005_f32.powf(0.3));
        assert!((size - expected).abs() < 1e-6, "{size}");
    }

    #[test]
    fn maps_are_chosen_by_class() {
        let numbers: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let maps = Tensor::<4>::from_data(TensorData::new(numbers, [2, 3, 1, 2]), &device::cpu().device);
        let numbers = |x: Tensor<4>| x.into_data().try_into_vec::<f32>().unwrap();
        assert_eq!(numbers(of_classes(&maps, &[2, 0])), [4.0, 5.0, 6.0, 7.0]);
        assert_eq!(numbers(of_batch(&maps, &[2, 0])), [4.0, 5.0, 0.0, 1.0, 10.0, 11.0, 6.0, 7.0]);
    }
}
