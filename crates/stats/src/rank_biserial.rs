//! The correlation of two groups and a rank, as `correlation` documents it.

use crate::correlation::{Correlation, complete, is_binary};
use crate::rank_sum::RankSum;

/// The rank-biserial correlation of a variable with two values and one whose order counts (Glass, 1966; with ties, Cureton,
/// 1956): how often a value of the larger group is above one of the smaller group less how often it is below, over all pairs of
/// both. "Larger" is the one with the larger number: 1 of 0 and 1.
///
/// The p-value is that of Mann and Whitney's U, as SciPy has it: exact without ties where a group has at most eight members,
/// otherwise normal with correction for ties and continuity. NaN if either sample is constant or `binary` has a third value.
///
/// # Panics
///
/// If the slices differ in length.
pub fn rank_biserial(binary: &[f64], values: &[f64]) -> Correlation {
    let (binary, values) = complete(binary, values);
    let n = values.len();
    let largest = binary.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let group = |of: bool| -> Vec<f64> {
        binary
            .iter()
            .zip(&values)
            .filter(|(key, _)| (**key == largest) == of)
            .map(|(_, value)| *value)
            .collect()
    };
    let constant = values.windows(2).all(|pair| pair[0] == pair[1]);
    if !is_binary(&binary) || constant {
        return Correlation { coefficient: f64::NAN, p_value: f64::NAN, n };
    }
    let ranked = RankSum::new(&group(true), &group(false));
    Correlation { coefficient: ranked.dominance(), p_value: ranked.p_value(), n }
}

#[cfg(test)]
mod tests {
    use super::rank_biserial;

    const NAN: f64 = f64::NAN;

    /// 2 and 9 against 1, 3, 2: of six pairs four are above, one is below, one is equal.
    #[test]
    fn five_by_hand() {
        let (binary, values) = ([1.0, 0.0, 0.0, 1.0, 0.0, NAN], [2.0, 1.0, 3.0, 9.0, 2.0, 7.0]);
        let found = rank_biserial(&binary, &values);
        assert_eq!((found.coefficient, found.n), (0.5, 5));
        let recoded = binary.map(|binary| 7.0 - 3.0 * binary);
        assert_eq!(rank_biserial(&recoded, &values).coefficient, -0.5);
        assert_eq!(rank_biserial(&recoded, &values).p_value, found.p_value);
    }

    #[test]
    fn separate_groups_are_one() {
        let found = rank_biserial(&[0.0, 0.0, 1.0, 1.0], &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(found.coefficient, 1.0);
        assert!((found.p_value - 2.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn nothing_to_compare_is_undefined() {
        assert!(rank_biserial(&[0.0, 1.0, 2.0], &[1.0, 2.0, 3.0]).coefficient.is_nan());
        assert!(rank_biserial(&[1.0, 1.0], &[1.0, 2.0]).coefficient.is_nan());
        assert!(rank_biserial(&[0.0, 1.0], &[2.0, 2.0]).p_value.is_nan());
        assert!(rank_biserial(&[], &[]).coefficient.is_nan());
    }
}
