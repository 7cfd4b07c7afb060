//! The posterior of one arm without context (ncBEE): Beta(1 + successes, 1 + failures).

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

/// Pseudo-counts of successes and failures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::bee) struct Beta {
    pub(super) alpha: f64,
    pub(super) beta: f64,
}

impl Default for Beta {
    /// Nothing learned: any chance is as likely as another.
    fn default() -> Self {
        Self { alpha: 1.0, beta: 1.0 }
    }
}

impl Beta {
    /// A chance of success.
    pub(super) fn sample(self, random: &mut ChaCha8Rng) -> f64 {
        let known = rand_distr::Beta::new(self.alpha, self.beta);
        random.sample(known.expect("counts are positive"))
    }

    /// Counts a success or a failure.
    pub(super) fn learn(&mut self, success: bool) {
        if success {
            self.alpha += 1.0;
        } else {
            self.beta += 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successes_and_failures_are_counted() {
        let mut arm = Beta::default();
        for success in [true, true, false] {
            arm.learn(success);
        }
        assert_eq!(arm, Beta { alpha: 3.0, beta: 2.0 });
        let draw = |i: u64| arm.sample(&mut stats::random::generator(0, &["beta"], i));
        let mean = (0..20_000).map(draw).sum::<f64>() / 20_000.0;
        // The mean of Beta(3, 2) is 0.6 and its variance 0.04.
        assert!((mean - 0.6).abs() < 4.0 * (0.04_f64 / 20_000.0).sqrt(), "{mean}");
    }
}
