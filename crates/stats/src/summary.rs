//! A sample in one number.

/// The arithmetic mean, NaN for an empty slice.
///
/// The terms are added in the order given, so the last digits depend on it: sort first where bytes must not.
pub fn mean(values: &[f64]) -> f64 {
    // An empty sum is -0, whose quotient by zero is the NaN that is wanted.
    values.iter().sum::<f64>() / values.len() as f64
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
    use super::{mean, median, quantile};

    #[test]
    fn mean_of_nothing_is_undefined() {
        assert!(mean(&[]).is_nan());
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
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
