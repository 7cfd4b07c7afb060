//! Percentile bootstrap intervals (Efron, 1979).
//!
//! The generator is passed in: take it from [`crate::random::generator`] with a key that names the statistic, and
//! the interval depends on nothing else.

use rand::{Rng, RngExt};

use crate::interval::Interval;
use crate::summary::{mean_of, quantile_of_sorted};

/// How often to resample, and the share of the resampled statistics that the interval holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// The number of resamples.
    pub resamples: usize,
    /// The confidence level, as in 0.95.
    pub level: f64,
}

impl Bootstrap {
    /// The interval of the mean; undefined for fewer than two values or if any is NaN.
    pub fn mean(&self, values: &[f64], rng: &mut impl Rng) -> Interval {
        self.statistic(values.len(), rng, |drawn| mean_of(drawn.iter().map(|&at| values[at])))
    }

    /// The interval of a statistic of `n` observations, given as a function of the positions that were drawn (with
    /// replacement, `n` of them).
    ///
    /// Resamples whose statistic is NaN, such as the correlation of a constant, are left out. Undefined for fewer
    /// than two observations, if the statistic of the sample itself is NaN, or if no resample has a value.
    pub fn statistic(
        &self,
        n: usize,
        rng: &mut impl Rng,
        mut statistic: impl FnMut(&[usize]) -> f64,
    ) -> Interval {
        let mut drawn: Vec<usize> = (0..n).collect();
        if n < 2 || statistic(&drawn).is_nan() {
            return Interval::UNDEFINED;
        }
        let mut resampled = Vec::with_capacity(self.resamples);
        for _ in 0..self.resamples {
            drawn.fill_with(|| rng.random_range(0..n));
            resampled.push(statistic(&drawn));
        }
        self.percentiles(resampled)
    }

    /// The interval that holds the share [`Bootstrap::level`] of a resampled statistic and leaves as much on either side. NaN is
    /// left out; undefined if nothing is left.
    pub fn percentiles(&self, mut values: Vec<f64>) -> Interval {
        values.retain(|value| !value.is_nan());
        values.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - self.level) / 2.0;
        Interval { low: quantile_of_sorted(&values, tail), high: quantile_of_sorted(&values, 1.0 - tail) }
    }
}

#[cfg(test)]
mod tests {
    use super::Bootstrap;
    use crate::interval::Interval;
    use crate::random::generator;
    use crate::summary::quantile;

    const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 2000, level: 0.95 };

    fn wave(n: u32, step: f64) -> Vec<f64> {
        (0..n).map(|at| (f64::from(at) * step).sin()).collect()
    }

    #[test]
    fn the_key_decides_and_nothing_else() {
        let values = wave(40, 0.7);
        let interval = |draw| BOOTSTRAP.mean(&values, &mut generator(1, &["mean"], draw));
        assert_eq!(interval(0), interval(0));
        assert_ne!(interval(0), interval(1));
    }

    /// Published intervals were drawn with these numbers.
    #[test]
    fn an_interval_is_pinned() {
        let squares: Vec<f64> = (0..50).map(|at| f64::from(at * at)).collect();
        let interval = BOOTSTRAP.mean(&squares, &mut generator(0, &["pin"], 0));
        assert_eq!(interval, Interval { low: 605.62, high: 1014.982 });
    }

    #[test]
    fn ends_are_percentiles_of_the_resampled_statistic() {
        let mut seen = Vec::new();
        let interval = BOOTSTRAP.statistic(7, &mut generator(3, &[], 0), |drawn| {
            assert!(drawn.len() == 7 && drawn.iter().all(|&at| at < 7));
            let value = drawn.iter().sum::<usize>() as f64;
            seen.push(value);
            value
        });
        assert_eq!(seen.len(), 2001);
        assert_eq!(interval.low, quantile(&seen[1..], (1.0 - 0.95) / 2.0));
        assert_eq!(interval.high, quantile(&seen[1..], 1.0 - (1.0 - 0.95) / 2.0));
    }

    /// For the mean of many values the interval is nearly mean ± 1.96 standard errors.
    #[test]
    fn a_large_sample_agrees_with_the_normal_interval() {
        let values = wave(1000, 1.0);
        let mean = crate::summary::mean(&values);
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 1000.0;
        let margin = 1.959_964 * (variance / 1000.0).sqrt();
        let interval = BOOTSTRAP.mean(&values, &mut generator(0, &["normal"], 0));
        assert!((interval.low - (mean - margin)).abs() < 0.1 * margin, "{interval:?} {mean} {margin}");
        assert!((interval.high - (mean + margin)).abs() < 0.1 * margin, "{interval:?} {mean} {margin}");
    }

    #[test]
    fn undefined_samples_have_no_interval() {
        let rng = &mut generator(0, &[], 0);
        assert!(BOOTSTRAP.mean(&[], rng).low.is_nan());
        assert!(BOOTSTRAP.mean(&[1.0], rng).low.is_nan());
        assert!(BOOTSTRAP.mean(&[1.0, f64::NAN, 2.0], rng).high.is_nan());
        assert_eq!(BOOTSTRAP.mean(&[3.0, 3.0], rng), Interval { low: 3.0, high: 3.0 });
        let none = Bootstrap { resamples: 0, level: 0.95 };
        assert!(none.mean(&[1.0, 2.0], rng).low.is_nan());
    }

    #[test]
    fn undefined_resamples_are_left_out() {
        let third = |drawn: &[usize]| if drawn.contains(&2) { 1.0 } else { f64::NAN };
        let interval = BOOTSTRAP.statistic(3, &mut generator(0, &[], 0), third);
        assert_eq!(interval, Interval { low: 1.0, high: 1.0 });
    }
}
