//! Cross-entropy, with hard or soft labels and label smoothing.

use burn::tensor::activation::log_softmax;
use models::{Int, Tensor, TensorData};

/// What the images of a batch are.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// The class of each.
    Classes(Vec<usize>),
    /// The share of each class in each, row after row: mixed images are of several.
    Shares(Vec<f32>),
}

impl Targets {
    /// The share of each class in each image, row after row.
    fn shares(&self, classes: usize) -> Vec<f32> {
        match self {
            Self::Shares(shares) => shares.clone(),
            Self::Classes(labels) => labels
                .iter()
                .flat_map(|&label| (0..classes).map(move |class| f32::from(class == label)))
                .collect(),
        }
    }
}

/// The mean over the images of `-sum_k q_k log p_k`, where `p` is the softmax of the logits `(n, k)` and `q` the target.
///
/// With a smoothing `e` the target is `(1 - e) q + e / k` (Szegedy et al., "Rethinking the Inception Architecture", 2016,
/// section 7), as in PyTorch.
///
/// # Panics
/// If a label is no class, or the shares are not `n k`.
pub fn cross_entropy(logits: Tensor<2>, targets: &Targets, smoothing: f32) -> Tensor<1> {
    let [n, classes] = logits.dims();
    let device = logits.device();
    let log = log_softmax(logits, 1);
    if let (Targets::Classes(labels), 0.0) = (targets, smoothing) {
        let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
        let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [n, 1]), &device);
        return log.gather(1, labels).mean().neg();
    }
    let even = smoothing / classes as f32;
    let shares: Vec<f32> = targets.shares(classes).iter().map(|q| (1.0 - smoothing) * q + even).collect();
    let shares = Tensor::<2>::from_data(TensorData::new(shares, [n, classes]), &device);
    (log * shares).sum().neg() / n as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(logits: &[f32], targets: &Targets, smoothing: f32) -> f32 {
        let device = models::device::cpu().device;
        let n = logits.len() / 2;
        let logits = Tensor::from_data(TensorData::new(logits.to_vec(), [n, 2]), &device);
        cross_entropy(logits, targets, smoothing).into_scalar()
    }

    #[test]
    fn by_hand() {
        // Even odds cost ln 2 whatever the target; p = (3/4, 1/4) costs ln 4/3 and ln 4.
        let (even, odds) = ([0.0, 0.0], [3.0_f32.ln(), 0.0]);
        for targets in [Targets::Classes(vec![1]), Targets::Shares(vec![0.3, 0.7])] {
            assert!((loss(&even, &targets, 0.2) - 2.0_f32.ln()).abs() < 1e-6);
        }
        assert!((loss(&odds, &Targets::Classes(vec![0]), 0.0) - (4.0_f32 / 3.0).ln()).abs() < 1e-6);
        // Smoothed by 0.2, class 0 is (0.9, 0.1).
        let expected = 0.9 * (4.0_f32 / 3.0).ln() + 0.1 * 4.0_f32.ln();
        assert!((loss(&odds, &Targets::Classes(vec![0]), 0.2) - expected).abs() < 1e-6);
        assert!((loss(&odds, &Targets::Shares(vec![0.9, 0.1]), 0.0) - expected).abs() < 1e-6);
    }
}
