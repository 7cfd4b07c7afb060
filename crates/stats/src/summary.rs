//! A sample in one number.

use std::borrow::Borrow;

/// The sum, as if it were added up at twice the precision and rounded once (Neumaier, ZAMM 1974); 0 of nothing.
///
/// So the order of the terms hardly ever matters. NaN and infinities come out as they do of a plain sum.
pub fn sum(values: impl IntoIterator<Item: Borrow<f64>>) -> f64 {
    let Total { sum, lost, .. } = Total::of(values);
    sum + lost
}

/// The arithmetic mean, NaN for an empty slice. The mean of a constant is that constant.
///
/// The terms are added as in [`sum`], so their order hardly ever matters: sort first where bytes must not change at all.
pub fn mean(values: &[f64]) -> f64 {
    mean_of(values)
}

/// The [`mean`] of what an iterator gives.
pub fn mean_of(values: impl IntoIterator<Item: Borrow<f64>>) -> f64 {
    let Total { sum, lost, count } = Total::of(values);
    let mean = (sum + lost) / count;
    if !mean.is_finite() {
        return mean;
    }
    // What the division has rounded away, in one more step.
    mean + ((-mean).mul_add(count, sum) + lost) / count
}

/// A sum in two parts: what plain addition gives, and what it has rounded away.
struct Total {
    sum: f64,
    lost: f64,
    count: f64,
}

impl Total {
    fn of(values: impl IntoIterator<Item: Borrow<f64>>) -> Self {
        let (mut sum, mut lost, mut count) = (0.0_f64, 0.0, 0_u64);
        for value in values {
            let value = *value.borrow();
            let next = sum + value;
            // The error of an addition, whichever term is larger, without a branch (Knuth, 4.2.2, theorem B).
            let added = next - sum;
            lost += (sum - (next - added)) + (value - added);
            sum = next;
            count += 1;
        }
        // The error of an infinite sum is NaN.
        Self { sum, lost: if sum.is_finite() { lost } else { 0.0 }, count: count as f64 }
    }
}

/// The `q` quantile, `q` in [0, 1], with linear interpolation between order statistics (NumPy's default, type 7 of
/// Hyndman and Fan, 1996).
///
/// NaN for an empty slice, if any value is NaN, or if `q` is outside [0, 1].
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile_of_sorted(&sorted, q)
}

/// The median: [`quantile`] at 0.5, by selection instead of sorting.
pub fn median(values: &[f64]) -> f64 {
    if values.is_empty() || values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let (mut values, half) = (values.to_vec(), values.len() / 2);
    let is_odd = values.len() % 2 == 1;
    let (lower, upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    let below = lower.iter().copied().max_by(f64::total_cmp);
    match below {
        Some(below) if !is_odd && below != *upper => below * 0.5 + *upper * 0.5,
        _ => *upper,
    }
}

/// The `q` quantile of values sorted by `f64::total_cmp`.
pub(crate) fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    // A total order puts NaN at either end, by its sign.
    let undefined = |value: Option<&f64>| value.is_none_or(|value| value.is_nan());
    if undefined(sorted.first()) || undefined(sorted.last()) || !(0.0..=1.0).contains(&q) {
        return f64::NAN;
    }
    let position = q * (sorted.len() - 1) as f64;
    let below = sorted[position.floor() as usize];
    let above = sorted[position.ceil() as usize];
    let fraction = position.fract();
    // Exact where both neighbours are equal, infinite ones included.
    if below == above { below } else { below * (1.0 - fraction) + above * fraction }
}

#[cfg(test)]
mod tests {
    use super::{mean, mean_of, median, quantile, sum};

    #[test]
    fn the_mean_of_a_constant_is_that_constant() {
        assert_eq!(mean(&[0.4; 1100]), 0.4);
        assert_eq!(sum([0.4; 1100]), 440.0);
        for n in 1..500 {
            let value = 1.0 / f64::from(n);
            assert_eq!(mean(&vec![value; 611]), value, "{n}");
            assert_eq!(mean(&vec![value; n as usize]), value, "{n}");
        }
    }

    #[test]
    fn what_rounding_loses_is_carried_along() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(mean(&[1.0, 1e100, 1.0, -1e100]), 0.5);
        assert_eq!(sum([0.1; 10]), 1.0);
        let harmonic: Vec<f64> = (1..=100_000).map(|at| 1.0 / f64::from(at)).collect();
        assert_eq!(sum(&harmonic), sum(harmonic.iter().rev()));
    }

    #[test]
    fn sums_of_infinities_are_plain() {
        assert_eq!(sum([1.0, f64::INFINITY, 2.0]), f64::INFINITY);
        assert_eq!(mean(&[f64::NEG_INFINITY, 2.0]), f64::NEG_INFINITY);
        assert_eq!(sum([f64::MAX, f64::MAX]), f64::INFINITY);
        assert!(sum([f64::INFINITY, f64::NEG_INFINITY]).is_nan() && sum([1.0, f64::NAN]).is_nan());
        assert!(mean(&[1.0, f64::NAN]).is_nan());
        assert_eq!(sum([0.0_f64; 0]), 0.0);
    }

    #[test]
    fn mean_of_nothing_is_undefined() {
        assert!(mean(&[]).is_nan());
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
        assert_eq!(mean_of((1..=5).map(f64::from)), 3.0);
    }

    #[test]
    fn quantile_interpolates_between_order_statistics() {
        let values = [30.0, 10.0, 20.0, 40.0];
        assert_eq!(quantile(&values, 0.0), 10.0);
        assert_eq!(quantile(&values, 0.5), 25.0);
        assert_eq!(quantile(&values, 1.0), 40.0);
        assert_eq!(quantile(&[7.0], 0.3), 7.0);
    }

    #[test]
    fn quantile_is_undefined_without_numbers() {
        assert!(quantile(&[], 0.5).is_nan());
        assert!(quantile(&[1.0, f64::NAN], 0.5).is_nan());
        assert!(quantile(&[1.0, -f64::NAN], 0.5).is_nan());
        assert!(quantile(&[1.0, 2.0], 1.5).is_nan());
        assert!(quantile(&[1.0, 2.0], f64::NAN).is_nan());
    }

    #[test]
    fn the_median_is_the_middle_quantile() {
        let values: Vec<f64> = (0..40_u32).map(|at| f64::from(at * 17 % 23) * 0.37 - 3.0).collect();
        for n in 1..values.len() {
            assert_eq!(median(&values[..n]), quantile(&values[..n], 0.5), "{n}");
        }
        assert_eq!(
            median(&[f64::INFINITY, 1.0, f64::INFINITY, 0.0, f64::INFINITY, f64::INFINITY]),
            f64::INFINITY
        );
        assert!(median(&[]).is_nan() && median(&[1.0, f64::NAN, 2.0]).is_nan());
    }
}
