//! Correlations of what a third sample does not explain, as `correlation` documents them.

use crate::correlation::{Correlation, product_moment, student_p};
use crate::ranks;

/// How much of the variance of a sample the third one must leave, for rounding not to be all that is correlated.
const LEAST: f64 = 1e-12;

/// Pearson's partial correlation of `a` and `b` given `given`: that of the residuals of both after regression on it,
/// (r_ab - r_ac r_bc) / √((1 - r_ac²)(1 - r_bc²)), with Student's t of n - 3 degrees of freedom for the p-value.
///
/// A triple with a NaN is left out. NaN if any of the three is constant, or if `given` explains one of the others wholly;
/// the p-value also for three triples.
///
/// # Panics
///
/// If the slices differ in length.
pub fn partial(a: &[f64], b: &[f64], given: &[f64]) -> Correlation {
    let [a, b, given] = complete([a, b, given]);
    of(&a, &b, &given)
}

/// Spearman's partial correlation: [`partial`] of the average ranks of the triples without NaN.
///
/// # Panics
///
/// If the slices differ in length.
pub fn partial_spearman(a: &[f64], b: &[f64], given: &[f64]) -> Correlation {
    let [a, b, given] = complete([a, b, given]).map(|sample| ranks::average(&sample));
    of(&a, &b, &given)
}

fn of(a: &[f64], b: &[f64], given: &[f64]) -> Correlation {
    let (ab, ac, bc) = (product_moment(a, b), product_moment(a, given), product_moment(b, given));
    Correlation::of_partial(partial_coefficient(ab, ac, bc), a.len())
}

/// The partial correlation of a and b given c by the three plain ones, as [`partial`] and [`partial_spearman`] give it.
pub fn partial_coefficient(ab: f64, ac: f64, bc: f64) -> f64 {
    let left = |r: f64| (1.0 - r) * (1.0 + r);
    let is_defined = left(ac).min(left(bc)) >= LEAST;
    if is_defined { ((ab - ac * bc) / (left(ac) * left(bc)).sqrt()).clamp(-1.0, 1.0) } else { f64::NAN }
}

impl Correlation {
    /// A partial coefficient of `n` triples with its p-value, as [`partial`] gives it.
    pub fn of_partial(coefficient: f64, n: usize) -> Self {
        // As of one pair fewer.
        let p_value = if n > 3 { student_p(coefficient, n - 1) } else { f64::NAN };
        Self { coefficient, p_value, n }
    }
}

fn complete(samples: [&[f64]; 3]) -> [Vec<f64>; 3] {
    let n = samples[0].len();
    assert!(samples.iter().all(|sample| sample.len() == n), "samples of different length cannot be paired");
    let kept: Vec<usize> = (0..n).filter(|&at| samples.iter().all(|sample| !sample[at].is_nan())).collect();
    samples.map(|sample| kept.iter().map(|&at| sample[at]).collect())
}

#[cfg(test)]
mod tests {
    use super::{partial, partial_spearman};
    use crate::correlation::pearson;

    const NAN: f64 = f64::NAN;

    /// a and b share nothing but c: a = c + x, b = c + y, where c, x and y are orthogonal.
    #[test]
    fn what_the_third_explains_is_gone() {
        let (c, x, y) = ([1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]);
        let add = |other: [f64; 4]| [0, 1, 2, 3].map(|at: usize| c[at] + other[at]);
        let found = partial(&add(x), &add(y), &c);
        assert!(found.coefficient.abs() < 1e-15 && (found.p_value - 1.0).abs() < 1e-7, "{found:?}");
        assert!((pearson(&add(x), &add(y)).coefficient - 0.5).abs() < 1e-15);
    }

    #[test]
    fn triples_with_nan_are_left_out() {
        let (a, b) = ([1.0, 5.0, 2.0, 9.0, NAN, 4.0, 7.0], [2.0, 3.0, 1.0, 8.0, 1.0, NAN, 5.0]);
        let given = [3.0, NAN, 1.0, 4.0, 1.0, 5.0, 9.0];
        for of in [partial, partial_spearman] {
            let found = of(&a, &b, &given);
            assert_eq!(found, of(&[1.0, 2.0, 9.0, 7.0], &[2.0, 1.0, 8.0, 5.0], &[3.0, 1.0, 4.0, 9.0]));
            assert_eq!(found.n, 4);
        }
    }

    #[test]
    fn nothing_left_is_undefined() {
        let (a, b) = ([1.0, 2.0, 4.0, 3.0], [2.0, 1.0, 3.0, 9.0]);
        assert!(partial(&a, &b, &[0.5; 4]).coefficient.is_nan());
        assert!(partial(&a, &b, &a.map(|a| 0.1 - a / 3.0)).coefficient.is_nan());
        assert!(partial_spearman(&a, &b, &b).p_value.is_nan());
        assert!(partial(&a[..3], &b[..3], &[1.0, 3.0, 2.0]).p_value.is_nan());
        assert!(partial(&[], &[], &[]).coefficient.is_nan());
    }
}
