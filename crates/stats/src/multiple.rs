//! p-values of many tests at once, adjusted so that each may be compared with the level of the whole.
//!
//! An adjusted p-value stands where its raw one does. NaN, a test that could not be made, stays NaN and does not count.

use crate::ranks;

/// Holm's step-down p-values (Scandinavian Journal of Statistics 1979): whoever rejects those up to 0.05 makes any false
/// rejection at all with a probability of at most 0.05, however the tests depend on one another.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let ascending = defined_ascending(p_values);
    let mut adjusted = vec![f64::NAN; p_values.len()];
    let mut largest = 0.0_f64;
    for (place, &at) in ascending.iter().enumerate() {
        largest = largest.max(p_values[at] * (ascending.len() - place) as f64).min(1.0);
        adjusted[at] = largest;
    }
    adjusted
}

/// The step-up p-values of Benjamini and Hochberg (JRSS B 1995): whoever rejects those up to 0.05 expects at most 0.05 of the
/// rejections to be false, if the tests are independent or depend positively on one another.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let ascending = defined_ascending(p_values);
    let mut adjusted = vec![f64::NAN; p_values.len()];
    let mut least = 1.0_f64;
    for (place, &at) in ascending.iter().enumerate().rev() {
        least = least.min(p_values[at] * ascending.len() as f64 / (place + 1) as f64);
        adjusted[at] = least;
    }
    adjusted
}

/// Positions of the p-values that are not NaN, the smallest first.
fn defined_ascending(p_values: &[f64]) -> Vec<usize> {
    let mut order = ranks::ascending(p_values);
    order.retain(|&at| !p_values[at].is_nan());
    order
}

#[cfg(test)]
mod tests {
    use super::{benjamini_hochberg, holm};

    const NAN: f64 = f64::NAN;

    /// Eighths, so that all products are exact.
    #[test]
    fn adjusted_by_hand() {
        let p = [0.25, 0.015_625, 0.125, 0.0625];
        assert_eq!(holm(&p), [0.25, 0.0625, 0.25, 0.1875]);
        assert_eq!(benjamini_hochberg(&p), [0.25, 0.0625, 0.125 * 4.0 / 3.0, 0.125]);
    }

    #[test]
    fn nothing_exceeds_one() {
        assert_eq!(holm(&[0.5, 0.75, 1.0]), [1.0; 3]);
        assert_eq!(benjamini_hochberg(&[1.0, 0.9]), [1.0; 2]);
    }

    #[test]
    fn nan_does_not_count() {
        let with_nan = holm(&[NAN, 0.01, NAN, 0.04]);
        assert_eq!((with_nan[1], with_nan[3]), (0.02, 0.04));
        assert!(with_nan[0].is_nan() && with_nan[2].is_nan());
        let with_nan = benjamini_hochberg(&[0.04, NAN, 0.01]);
        assert_eq!((with_nan[0], with_nan[2]), (0.04, 0.02));
        assert!(with_nan[1].is_nan());
        assert!(holm(&[]).is_empty() && benjamini_hochberg(&[NAN])[0].is_nan());
    }

    #[test]
    fn one_test_needs_no_adjustment() {
        assert_eq!(holm(&[0.03]), [0.03]);
        assert_eq!(benjamini_hochberg(&[0.03]), [0.03]);
    }
}
