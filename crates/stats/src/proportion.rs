//! A share of successes: its interval, and whether it differs from a share given.

use statrs::distribution::{Binomial, ContinuousCDF, Discrete, Normal};
use statrs::function::beta::beta_reg;

use crate::interval::Interval;

/// SciPy's: how much likelier than what was seen an outcome may be and still count as no likelier, for rounding.
const SLACK: f64 = 1e-7;

/// The score interval of a share (Wilson, JASA 1927, without continuity correction). `level` is a share, as in 0.95.
///
/// Undefined for no trials, more successes than trials, or a level outside (0, 1). The lower end is exactly 0 without a
/// success, the upper one exactly 1 without a failure.
pub fn wilson(successes: usize, n: usize, level: f64) -> Interval {
    if n == 0 || successes > n || !(level > 0.0 && level < 1.0) {
        return Interval::UNDEFINED;
    }
    let z = Normal::standard().inverse_cdf(f64::midpoint(1.0, level));
    let (n_, failures) = (n as f64, (n - successes) as f64);
    let scale = n_ + z * z;
    let centre = (successes as f64 + z * z / 2.0) / scale;
    let margin = z * (successes as f64 * failures / n_ + z * z / 4.0).sqrt() / scale;
    Interval {
        low: if successes == 0 { 0.0 } else { centre - margin },
        high: if successes == n { 1.0 } else { centre + margin },
    }
}

/// The exact two-sided p-value of a share of successes if each trial had the probability `p`: the probability of all numbers
/// of successes that are no likelier than the one seen (`binomtest` of SciPy).
///
/// 1 for no trials; NaN for more successes than trials or a `p` outside [0, 1].
pub fn binomial_test(successes: usize, n: usize, p: f64) -> f64 {
    let Ok(binomial) = Binomial::new(p, n as u64) else { return f64::NAN };
    if successes > n {
        return f64::NAN;
    }
    let seen = binomial.pmf(successes as u64);
    let no_likelier = |k: usize| binomial.pmf(k as u64) <= seen * (1.0 + SLACK);
    let (k, mean) = (successes as f64, p * n as f64);
    // The probability rises up to the mean and falls from there on: likelier numbers lie together, those before `end` and from
    // `start` on count.
    let (end, start) = if k < mean {
        (successes + 1, first(mean.ceil() as usize, n + 1, no_likelier))
    } else {
        (first(0, mean as usize + 1, |k| !no_likelier(k)), successes)
    };
    if end >= start { 1.0 } else { (at_least(n + 1 - end, n, 1.0 - p) + at_least(start, n, p)).min(1.0) }
}

/// How likely so many successes or more are, of which failures are the successes of `1 - p`.
fn at_least(successes: usize, n: usize, p: f64) -> f64 {
    match successes {
        0 => 1.0,
        k if k > n => 0.0,
        k => beta_reg(k as f64, (n - k + 1) as f64, p),
    }
}

/// The first number from `low` on that holds, `high` if none below it does; from that one on all must.
fn first(mut low: usize, mut high: usize, holds: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use statrs::function::erf::erfc;

    use super::{binomial_test, wilson};

    /// z = 2: (s + 2 ± 2 √(s f / n + 1)) / (n + 4), at n = 12, s = 0, 6.
    #[test]
    fn wilson_by_hand() {
        let level = 0.954_499_736_103_641_6; // Within two standard deviations.
        let half = wilson(6, 12, level);
        assert!((half.low - 0.25).abs() < 1e-12 && (half.high - 0.75).abs() < 1e-12, "{half:?}");
        let none = wilson(0, 12, level);
        assert!(none.low == 0.0 && (none.high - 0.25).abs() < 1e-12, "{none:?}");
        let all = wilson(12, 12, level);
        assert!(all.high == 1.0 && (all.low - 0.75).abs() < 1e-12, "{all:?}");
    }

    #[test]
    fn nonsense_is_undefined() {
        assert!(wilson(0, 0, 0.95).low.is_nan());
        assert!(wilson(3, 2, 0.95).low.is_nan());
        assert!(wilson(1, 2, 1.0).high.is_nan());
        assert!(wilson(1, 2, f64::NAN).high.is_nan());
        assert!(binomial_test(3, 2, 0.5).is_nan());
        assert!(binomial_test(1, 2, 1.5).is_nan());
        assert!(binomial_test(1, 2, f64::NAN).is_nan());
    }

    /// 1, 5, 10, 10, 5, 1 of 32 outcomes.
    #[test]
    fn five_tosses_of_a_coin() {
        for (heads, p) in
            [(0, 2.0 / 32.0), (1, 12.0 / 32.0), (2, 1.0), (3, 1.0), (4, 12.0 / 32.0), (5, 2.0 / 32.0)]
        {
            assert!((binomial_test(heads, 5, 0.5) - p).abs() < 1e-14, "{heads}");
        }
        for (heads, tosses) in [(0, 0), (0, 1), (1, 1), (2, 4), (2, 5), (3, 5)] {
            assert_eq!(binomial_test(heads, tosses, 0.5), 1.0, "{heads} of {tosses}");
        }
    }

    /// Against the normal approximation with continuity correction, which is close for so many.
    #[test]
    fn a_million_trials_take_no_time() {
        let p = binomial_test(500_900, 1_000_000, 0.5);
        assert!((p - erfc(899.5 / 500.0 / 2.0_f64.sqrt())).abs() < 1e-6, "{p}");
    }

    #[test]
    fn certain_outcomes() {
        assert_eq!(binomial_test(4, 4, 1.0), 1.0);
        assert_eq!(binomial_test(3, 4, 1.0), 0.0);
        assert_eq!(binomial_test(0, 4, 0.0), 1.0);
    }
}
