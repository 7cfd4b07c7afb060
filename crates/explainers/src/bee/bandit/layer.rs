//! From the frozen features of the network to the context: a linear layer that begins as the identity, and that pre-training alone changes.

use super::sigmoid;

/// A square matrix, row after row.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::bee) struct Layer {
    pub(super) size: usize,
    pub(super) weights: Vec<f64>,
}

/// The state of AdamW (Loshchilov and Hutter, 2019) with PyTorch's defaults, as BEE has it: rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8,
/// decay 0.01.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::bee) struct Adam {
    pub(super) steps: u64,
    pub(super) first: Vec<f64>,
    pub(super) second: Vec<f64>,
}

impl Layer {
    /// Features as they are.
    pub(in crate::bee) fn identity(size: usize) -> Self {
        let weight = |at: usize| f64::from(u8::from(at.is_multiple_of(size + 1)));
        Self { size, weights: (0..size * size).map(weight).collect() }
    }

    /// The context of features.
    pub(super) fn apply(&self, features: &[f64]) -> Vec<f64> {
        let row = |row: &[f64]| row.iter().zip(features).map(|(weight, x)| weight * x).sum();
        self.weights.chunks(self.size.max(1)).map(row).collect()
    }

    /// One step down `-ln sigmoid(y u c)`, where `c` is the context of the features and `u` the mean of the arm.
    pub(in crate::bee) fn learn(&mut self, mean: &[f64], features: &[f64], success: bool, adam: &mut Adam) {
        let y = if success { 1.0 } else { -1.0 };
        let product: f64 = mean.iter().zip(self.apply(features)).map(|(u, c)| u * c).sum();
        let pull = -y * sigmoid(-y * product);
        let gradient = mean.iter().flat_map(|u| features.iter().map(move |x| pull * u * x));
        adam.step(&mut self.weights, gradient);
    }
}

impl Adam {
    fn step(&mut self, weights: &mut [f64], gradient: impl Iterator<Item = f64>) {
        const RATE: f64 = 1e-3;
        const DECAY: f64 = 0.01;
        const BETAS: [f64; 2] = [0.9, 0.999];
        const EPSILON: f64 = 1e-8;
        self.first.resize(weights.len(), 0.0);
        self.second.resize(weights.len(), 0.0);
        self.steps += 1;
        let [first_share, second_share] = BETAS.map(|beta| 1.0 - beta.powi(self.steps as i32));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((weight, (first, second)), slope) in weights.iter_mut().zip(moments).zip(gradient) {
            *weight *= 1.0 - RATE * DECAY;
            *first = BETAS[0] * *first + (1.0 - BETAS[0]) * slope;
            *second = BETAS[1] * *second + (1.0 - BETAS[1]) * slope * slope;
            *weight -= RATE * (*first / first_share) / ((*second / second_share).sqrt() + EPSILON);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PyTorch's numbers: `testdata/explainers/bee/generate.py` prints them.
    #[test]
    fn four_steps_are_those_of_pytorch() {
        const EXPECTED: [f64; 9] = [
            1.002_621_832_346_325_8,
            0.001_313_861_023_771_923_6,
            -0.002_481_156_341_522_212,
            -0.002_661_831_773_049_845,
            0.998_646_139_566_791_5,
            0.002_481_156_367_389_07,
            0.002_661_831_692_889_458,
            0.001_313_861_004_906_408_5,
            0.997_478_844_310_207_7,
        ];
        let (mut layer, mut adam) = (Layer::identity(3), Adam::default());
        for step in 0..4 {
            let mean = [0.5, -1.0, 0.25].map(|u| u * f64::from(step + 1));
            let features = [1.0, 0.0, -2.0].map(|x| x + f64::from(step));
            layer.learn(&mean, &features, step != 2, &mut adam);
        }
        for (found, expected) in layer.weights.iter().zip(EXPECTED) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn the_identity_leaves_features_as_they_are() {
        assert_eq!(Layer::identity(3).apply(&[1.0, -2.0, 0.5]), [1.0, -2.0, 0.5]);
        assert!(Layer::identity(0).apply(&[]).is_empty());
    }
}
