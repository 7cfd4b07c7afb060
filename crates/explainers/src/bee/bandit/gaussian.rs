//! The posterior of one arm: weights of the context, independent Gaussians, behind a logistic likelihood (BEE 2025, algorithm 1; Chapelle and
//! Li, "An Empirical Evaluation of Thompson Sampling", 2011, algorithm 3).

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::sigmoid;

/// Means and precisions of the weights.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::bee) struct Gaussian {
    pub(super) mean: Vec<f64>,
    pub(super) precision: Vec<f64>,
}

impl Gaussian {
    /// Nothing learned: mean 0, precision 1.
    pub(in crate::bee) fn new(size: usize) -> Self {
        Self { mean: vec![0.0; size], precision: vec![1.0; size] }
    }

    /// The means of the weights.
    pub(in crate::bee) fn weights(&self) -> &[f64] {
        &self.mean
    }

    /// `w c` for weights `w` from N(mean, 1 / precision). The sum of Gaussians is drawn as one.
    pub(super) fn sample(&self, context: &[f64], random: &mut ChaCha8Rng) -> f64 {
        let normal: f64 = random.sample(StandardNormal);
        self.mean(context) + self.spread(context).sqrt() * normal
    }

    fn mean(&self, context: &[f64]) -> f64 {
        self.mean.iter().zip(context).map(|(mean, c)| mean * c).sum()
    }

    /// The variance of `w c`.
    fn spread(&self, context: &[f64]) -> f64 {
        self.precision.iter().zip(context).map(|(precision, c)| c * c / precision).sum()
    }

    /// The mean becomes the `u` that minimises `-ln sigmoid(y u c) + 1/2 sum_i q_i (u_i - g_i)^2` with y = 1 for a success and -1 for none,
    /// and each precision grows by `sigmoid(u c) sigmoid(-u c) c_i^2`. (Printed with `+ ln sigmoid`, which would push the mean away from the
    /// reward.)
    pub(super) fn learn(&mut self, context: &[f64], success: bool) {
        let y = if success { 1.0 } else { -1.0 };
        let z = margin(y * self.mean(context), self.spread(context));
        let (pull, curvature) = (y * sigmoid(-z), sigmoid(z) * sigmoid(-z));
        for ((mean, precision), c) in self.mean.iter_mut().zip(&mut self.precision).zip(context) {
            *mean += pull * c / *precision;
            *precision += curvature * c * c;
        }
    }
}

/// `y u c` at the minimum. Its gradient is zero where `u = g + y sigmoid(-y u c) c / q`, so that `z = y u c` solves
/// `z = a + s sigmoid(-z)`, `a` being `y g c` and `s` the variance of `w c`: one rising function of one number, which has its root between
/// `a` and `a + s`. Newton's steps find it; where one does not fall between what is known to be too low and too high, that is halved.
fn margin(a: f64, s: f64) -> f64 {
    let (mut low, mut high) = (a, a + s);
    let mut z = a;
    for _ in 0..200 {
        let off = z - a - s * sigmoid(-z);
        if off == 0.0 || high - low <= f64::EPSILON * (1.0 + z.abs()) {
            break;
        }
        (low, high) = if off > 0.0 { (low, z) } else { (z, high) };
        let step = off / (1.0 + s * sigmoid(z) * sigmoid(-z));
        if step.abs() <= f64::EPSILON * (1.0 + z.abs()) {
            break;
        }
        let next = z - step;
        z = if low < next && next < high { next } else { low + (high - low) / 2.0 };
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Invariant 19.
    #[test]
    fn one_step_with_one_feature_is_the_hand_computed_one() {
        for (success, sign) in [(true, 1.0), (false, -1.0)] {
            let mut arm = Gaussian::new(1);
            arm.learn(&[1.0], success);
            assert!((arm.mean[0] - sign * 0.401_058_137_541).abs() < 1e-11, "{}", arm.mean[0]);
            assert!((arm.precision[0] - 1.240_210_507_855).abs() < 1e-11, "{}", arm.precision[0]);
        }
    }

    /// The gradient of the objective is zero at the new mean, wherever it starts.
    #[test]
    fn the_step_is_a_minimum() {
        let mut random = stats::random::generator(0, &["gaussian"], 0);
        for scale in [1e-3, 1.0, 30.0] {
            for round in 0..50 {
                let context: Vec<f64> = (0..7).map(|_| scale * (random.random::<f64>() - 0.3)).collect();
                let before = Gaussian {
                    mean: (0..7).map(|_| 4.0 * random.random::<f64>() - 2.0).collect(),
                    precision: (0..7).map(|_| 0.1 + 5.0 * random.random::<f64>()).collect(),
                };
                let mut after = before.clone();
                after.learn(&context, round % 2 == 0);
                let y = if round % 2 == 0 { 1.0 } else { -1.0 };
                let pull = y * sigmoid(-y * after.mean(&context));
                for (i, c) in context.iter().enumerate() {
                    let slope = before.precision[i] * (after.mean[i] - before.mean[i]) - pull * c;
                    assert!(slope.abs() < 1e-12 * (1.0 + scale), "{slope}");
                }
            }
        }
    }

    #[test]
    fn margins_are_found_at_any_scale() {
        for (a, s) in [(0.0, 0.0), (0.0, 1e-300), (-800.0, 1e3), (700.0, 1e6), (-1e6, 1e12), (3.0, 1e300)] {
            let z = margin(a, s);
            assert!(z.is_finite() && z >= a && z <= a + s, "{a}, {s}: {z}");
        }
        // s sigmoid(-z) = z - a, at large scales.
        let z = margin(-800.0, 1e6);
        assert!((z - (-800.0 + 1e6 * sigmoid(-z))).abs() < 1e-6, "{z}");
    }

    /// With as many draws, mean and variance of `w c` are those of the posterior within 4 standard errors.
    #[test]
    fn draws_have_the_posterior_of_the_product() {
        let arm = Gaussian { mean: vec![0.5, -1.0], precision: vec![4.0, 0.25] };
        let context = [2.0, 0.5];
        let draw = |i: u64| arm.sample(&context, &mut stats::random::generator(1, &["draw"], i));
        let drawn: Vec<f64> = (0..20_000).map(draw).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let spread = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!((mean - 0.5).abs() < 4.0 * (2.0_f64 / 20_000.0).sqrt(), "{mean}");
        assert!((spread - 2.0).abs() < 4.0 * 2.0 * (2.0_f64 / 20_000.0).sqrt(), "{spread}");
    }
}
