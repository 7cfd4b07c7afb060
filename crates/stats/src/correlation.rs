//! How much two samples agree, pair by pair.
//!
//! All functions pair `a[i]` with `b[i]`. A pair with a NaN in it is left out, and `n` says how many stay. The
//! coefficient, and with it the p-value, is NaN where it is undefined: a constant sample, fewer than two pairs, or
//! infinite values in Pearson's. p-values are two-sided, against no association, as in SciPy 1.17.

use statrs::function::beta::beta_reg;

use crate::centred::Centred;
use crate::kendall;
pub use crate::partial::{partial, partial_coefficient, partial_spearman};
pub use crate::rank_biserial::rank_biserial;

/// A coefficient in [-1, 1] with its two-sided p-value and the number of pairs that it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// The coefficient, NaN where it is undefined.
    pub coefficient: f64,
    /// The probability of a coefficient at least this far from zero if there were no association.
    pub p_value: f64,
    /// How many pairs had no NaN.
    pub n: usize,
}

impl Correlation {
    /// Pearson's coefficient of `n` pairs with its p-value, as [`pearson`] gives it.
    pub fn of_pearson(coefficient: f64, n: usize) -> Self {
        Self { coefficient, p_value: student_p(coefficient, n), n }
    }

    /// Spearman's coefficient of `n` pairs with its p-value, as [`spearman`] gives it.
    pub fn of_spearman(coefficient: f64, n: usize) -> Self {
        let p_value = if n == 2 { f64::NAN } else { student_p(coefficient, n) };
        Self { coefficient, p_value, n }
    }
}

/// Pearson's product-moment correlation, with the exact p-value for normal samples (Student's t with n - 2 degrees
/// of freedom; 1 for two pairs).
///
/// # Panics
///
/// If the slices differ in length.
pub fn pearson(a: &[f64], b: &[f64]) -> Correlation {
    let (a, b) = complete(a, b);
    Correlation::of_pearson(product_moment(&a, &b), a.len())
}

/// Spearman's rank correlation: Pearson's of the average ranks, with the t approximation for the p-value, which is
/// undefined (NaN) for two pairs and rough below some ten.
///
/// # Panics
///
/// If the slices differ in length.
pub fn spearman(a: &[f64], b: &[f64]) -> Correlation {
    let (a, b) = complete(a, b);
    Correlation::of_spearman(Centred::ranks(&a).correlation(&Centred::ranks(&b)), a.len())
}

/// The point-biserial correlation of a variable with two values and a continuous one: Pearson's, whatever the two
/// values are.
///
/// It is undefined (NaN) if a third value is among the pairs that stay.
///
/// # Panics
///
/// If the slices differ in length.
pub fn point_biserial(binary: &[f64], values: &[f64]) -> Correlation {
    let (binary, values) = complete(binary, values);
    if is_binary(&binary) {
        pearson(&binary, &values)
    } else {
        Correlation { coefficient: f64::NAN, p_value: f64::NAN, n: values.len() }
    }
}

/// Kendall's tau-b, in O(n log n) (Knight, JASA 1966).
///
/// The p-value is exact without ties up to 33 pairs, or where at most one pair of pairs is out of order (Kendall,
/// Rank Correlation Methods, 1970, p. 68); otherwise the normal approximation, its variance corrected for ties.
///
/// # Panics
///
/// If the slices differ in length.
pub fn kendall(a: &[f64], b: &[f64]) -> Correlation {
    let (a, b) = complete(a, b);
    let (coefficient, p_value) = kendall::tau_b(&a, &b);
    Correlation { coefficient, p_value, n: a.len() }
}

/// Whether at most two different numbers occur; NaN does not count.
pub fn is_binary(values: &[f64]) -> bool {
    let mut numbers = values.iter().filter(|value| !value.is_nan());
    let Some(first) = numbers.next() else { return true };
    let mut others = numbers.filter(|&value| value != first);
    let Some(second) = others.next() else { return true };
    others.all(|value| value == second)
}

/// The pairs without NaN.
pub(crate) fn complete(a: &[f64], b: &[f64]) -> (Vec<f64>, Vec<f64>) {
    assert_eq!(a.len(), b.len(), "samples of different length cannot be paired");
    a.iter().zip(b).filter(|(a, b)| !a.is_nan() && !b.is_nan()).unzip()
}

pub(crate) fn product_moment(a: &[f64], b: &[f64]) -> f64 {
    Centred::new(a).correlation(&Centred::new(b))
}

/// The two-sided p-value of r under Student's t with n - 2 degrees of freedom, as a beta integral of 1 - r².
pub(crate) fn student_p(r: f64, n: usize) -> f64 {
    if r.is_nan() {
        return f64::NAN;
    }
    if n == 2 {
        return 1.0;
    }
    beta_reg((n - 2) as f64 / 2.0, 0.5, (1.0 - r) * (1.0 + r))
}

#[cfg(test)]
mod tests {
    use super::{is_binary, kendall, pearson, point_biserial, spearman};

    #[test]
    fn constants_correlate_with_nothing() {
        for of in [pearson, spearman, point_biserial, kendall] {
            let undefined = of(&[0.1; 5], &[1.0, 2.0, 3.0, 4.0, 5.0]);
            assert!(undefined.coefficient.is_nan() && undefined.p_value.is_nan());
            assert_eq!(undefined.n, 5);
            assert!(of(&[], &[]).coefficient.is_nan());
            assert!(of(&[1.0], &[2.0]).coefficient.is_nan());
        }
    }

    #[test]
    fn pairs_with_nan_are_left_out() {
        let nan = f64::NAN;
        for of in [pearson, spearman, kendall] {
            let whole = of(&[1.0, nan, 2.0, 9.0, 4.0], &[5.0, 1.0, nan, 7.0, 6.0]);
            assert_eq!(whole, of(&[1.0, 9.0, 4.0], &[5.0, 7.0, 6.0]));
            assert_eq!(of(&[nan, nan], &[1.0, 2.0]).n, 0);
        }
    }

    #[test]
    fn perfect_agreement_is_exactly_one() {
        let a: Vec<f64> = (0..1001).map(f64::from).collect();
        let cubes: Vec<f64> = a.iter().map(|a| -a.powi(3)).collect();
        assert_eq!(spearman(&a, &cubes).coefficient, -1.0);
        assert_eq!(spearman(&a, &cubes).p_value, 0.0);
        assert_eq!(kendall(&a, &cubes).coefficient, -1.0);
        assert_eq!(pearson(&a, &a).coefficient, 1.0);
    }

    #[test]
    fn magnitude_does_not_matter() {
        let (a, b) = ([1.0, 2.0, 4.0, 3.0], [2.0, 1.0, 5.0, 9.0]);
        let expected = pearson(&a, &b);
        for scale in [1e-320_f64, 1e-200, 1e200, 1e307] {
            let scaled = pearson(&a.map(|a| a * scale), &b);
            assert!((scaled.coefficient - expected.coefficient).abs() < 1e-3, "{scale}: {scaled:?}");
        }
        assert!(pearson(&[1.0, f64::INFINITY, 2.0], &[1.0, 2.0, 4.0]).coefficient.is_nan());
        assert_eq!(spearman(&[1.0, f64::INFINITY, 2.0], &[1.0, 4.0, 2.0]).coefficient, 1.0);
    }

    #[test]
    fn two_values_are_binary() {
        assert!(is_binary(&[]) && is_binary(&[3.0]) && is_binary(&[0.0, 1.0, f64::NAN, 0.0]));
        assert!(!is_binary(&[0.0, 1.0, 0.5]));
        let values = [2.0, 3.0, 5.0, 8.0];
        let coded = point_biserial(&[-1.0, -1.0, 7.0, 7.0], &values);
        assert_eq!(coded.coefficient, point_biserial(&[0.0, 0.0, 1.0, 1.0], &values).coefficient);
        assert!(point_biserial(&[0.0, 1.0, 2.0, 0.0], &values).coefficient.is_nan());
    }
}
