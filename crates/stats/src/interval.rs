//! Confidence intervals for correlations by formula. Intervals by resampling are in [`crate::resample`].

use statrs::distribution::{ContinuousCDF, Normal};

use crate::correlation::Correlation;

/// A confidence interval, both ends NaN where it is undefined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// The interval that says nothing because there is nothing to say.
    pub const UNDEFINED: Self = Self { low: f64::NAN, high: f64::NAN };
}

/// The interval of Pearson's r: tanh(artanh r ± z / √(n - 3)) (Fisher, 1921). `level` is a share, as in 0.95.
///
/// [-1, 1] for fewer than four pairs, [r, r] for r = ±1, undefined where r is or where `level` is not in (0, 1).
pub fn pearson(r: &Correlation, level: f64) -> Interval {
    fisher(r, level, 3, 1.0)
}

/// The interval of Spearman's rho: as Pearson's, with the standard error √((1 + rho² / 2) / (n - 3)) of Bonett and
/// Wright (Psychometrika 2000), since 1 / √(n - 3) is too narrow for ranks.
pub fn spearman(rho: &Correlation, level: f64) -> Interval {
    fisher(rho, level, 3, 1.0 + rho.coefficient.powi(2) / 2.0)
}

/// The interval of Kendall's tau: as Pearson's, with the standard error √(0.437 / (n - 4)) of Fieller, Hartley and
/// Pearson (Biometrika 1957), so [-1, 1] for fewer than five pairs.
pub fn kendall(tau: &Correlation, level: f64) -> Interval {
    fisher(tau, level, 4, 0.437)
}

/// The interval of Pearson's partial correlation given one sample: as Pearson's of one pair fewer (Fisher, 1924), so [-1, 1] for
/// fewer than five triples.
pub fn partial(r: &Correlation, level: f64) -> Interval {
    fisher(r, level, 4, 1.0)
}

/// The interval of Spearman's partial correlation given one sample: as Spearman's of one pair fewer.
pub fn partial_spearman(rho: &Correlation, level: f64) -> Interval {
    fisher(rho, level, 4, 1.0 + rho.coefficient.powi(2) / 2.0)
}

/// The interval of the rank-biserial correlation, of whose pairs `ones` are of the larger group and the rest, `zeros`, of the
/// other one: as Pearson's, with the standard error √((n + 1) / (3 ones zeros)) that the coefficient has where the groups do not
/// differ (the approximation of the R package effectsize). In simulations it covers 93 to 95 of a hundred, the less the more they
/// differ.
///
/// Undefined where the coefficient is, or if a group is empty.
pub fn rank_biserial(r: &Correlation, ones: usize, level: f64) -> Interval {
    let zeros = r.n.saturating_sub(ones);
    if ones == 0 || zeros == 0 {
        return Interval::UNDEFINED;
    }
    fisher(r, level, 0, (r.n * (r.n + 1)) as f64 / (3 * ones * zeros) as f64)
}

fn fisher(correlation: &Correlation, level: f64, lost: usize, variance: f64) -> Interval {
    let Correlation { coefficient, n, .. } = *correlation;
    if coefficient.is_nan() || !(level > 0.0 && level < 1.0) {
        return Interval::UNDEFINED;
    }
    if n <= lost {
        return Interval { low: -1.0, high: 1.0 };
    }
    let z = Normal::standard().inverse_cdf(f64::midpoint(1.0, level));
    let margin = z * (variance / (n - lost) as f64).sqrt();
    let centre = coefficient.atanh();
    Interval { low: (centre - margin).tanh(), high: (centre + margin).tanh() }
}

#[cfg(test)]
mod tests {
    use super::{Interval, kendall, pearson, spearman};
    use crate::correlation::Correlation;

    fn correlation(coefficient: f64, n: usize) -> Correlation {
        Correlation { coefficient, p_value: 0.0, n }
    }

    #[test]
    fn few_pairs_exclude_nothing() {
        let everything = Interval { low: -1.0, high: 1.0 };
        assert_eq!(pearson(&correlation(0.9, 3), 0.95), everything);
        assert_eq!(spearman(&correlation(1.0, 2), 0.95), everything);
        assert_eq!(kendall(&correlation(0.9, 4), 0.95), everything);
        assert_ne!(kendall(&correlation(0.9, 5), 0.95), everything);
    }

    #[test]
    fn perfect_agreement_is_a_point() {
        assert_eq!(spearman(&correlation(-1.0, 10), 0.95), Interval { low: -1.0, high: -1.0 });
    }

    #[test]
    fn undefined_stays_undefined() {
        assert!(pearson(&correlation(f64::NAN, 10), 0.95).low.is_nan());
        assert!(pearson(&correlation(0.5, 10), 1.0).high.is_nan());
    }

    #[test]
    fn ranks_need_a_wider_interval() {
        let (narrow, wide) = (pearson(&correlation(0.8, 50), 0.95), spearman(&correlation(0.8, 50), 0.95));
        assert!(wide.low < narrow.low && narrow.high < wide.high);
        assert!(wide.low < 0.8 && 0.8 < wide.high);
    }
}
