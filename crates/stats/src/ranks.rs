//! Orders and ranks, with ties told the same way everywhere.
//!
//! An order is a permutation: the positions of the values, best first; equal values by their lower position. A rank
//! is the place of a value: equal values share the mean of theirs. (An order is not a list of ranks: it is the
//! inverse permutation.) `-0.0` equals `0.0`.

/// Positions from the largest value to the smallest; among equals, the lower position first; NaN last.
pub fn descending<T: Copy + Into<f64>>(values: &[T]) -> Vec<usize> {
    order(values, |value| -value)
}

/// Positions from the smallest value to the largest; among equals, the lower position first; NaN last.
pub fn ascending<T: Copy + Into<f64>>(values: &[T]) -> Vec<usize> {
    order(values, |value| value)
}

/// Average ranks: 1 is the smallest value, and equal values get the mean of the ranks that they span.
///
/// The rank of NaN is NaN, and the other values are ranked as if it were not there (`rankdata` of SciPy with
/// `nan_policy="omit"`).
pub fn average<T: Copy + Into<f64>>(values: &[T]) -> Vec<f64> {
    let order = ascending(values);
    let number = |place: usize| -> f64 { values[order[place]].into() };
    let count = order.len() - values.iter().filter(|&&value| value.into().is_nan()).count();
    let mut ranks = vec![f64::NAN; values.len()];
    let mut start = 0;
    while start < count {
        let end = (start..count).find(|&place| number(place) != number(start)).unwrap_or(count);
        // The mean of the ranks start + 1 ..= end.
        for &at in &order[start..end] {
            ranks[at] = (start + 1 + end) as f64 / 2.0;
        }
        start = end;
    }
    ranks
}

fn order<T: Copy + Into<f64>>(values: &[T], key: impl Fn(f64) -> f64) -> Vec<usize> {
    let is_single = |&value: &T| f64::from(value.into() as f32) == value.into();
    if u32::try_from(values.len()).is_ok() && values.iter().all(is_single) {
        // As most maps: value and position fit into one integer, which sorts twice as fast as two.
        let keyed = |(at, &value): (u64, &T)| u64::from(sortable_single(key(value.into()) as f32)) << 32 | at;
        let mut keyed: Vec<u64> = (0..).zip(values).map(keyed).collect();
        keyed.sort_unstable();
        return keyed.into_iter().map(|key| key as u32 as usize).collect();
    }
    let mut keyed: Vec<(u64, usize)> =
        values.iter().enumerate().map(|(at, &value)| (sortable(key(value.into())), at)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, at)| at).collect()
}

/// Bits that sort as integers like the numbers do, any NaN last. Comparing integers makes large maps sort faster.
fn sortable(value: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    if value.is_nan() {
        return u64::MAX;
    }
    let bits = (value + 0.0).to_bits(); // Adding zero turns -0 into 0.
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The same of a single-precision number.
fn sortable_single(value: f32) -> u32 {
    const SIGN: u32 = 1 << 31;
    let bits = (value + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

#[cfg(test)]
mod tests {
    use super::{ascending, average, descending};

    const NAN: f64 = f64::NAN;

    #[test]
    fn orders_put_the_lower_position_first_among_equals() {
        assert_eq!(descending(&[1.0, 3.0, 3.0, -2.0]), [1, 2, 0, 3]);
        assert_eq!(ascending(&[1.0, 3.0, 3.0, -2.0]), [3, 0, 1, 2]);
        assert_eq!(descending(&[0.0_f32, -0.0, 0.0]), [0, 1, 2]);
        assert_eq!(ascending(&[0.0, -0.0, 0.0]), [0, 1, 2]);
        assert!(descending::<f32>(&[]).is_empty());
    }

    #[test]
    fn singles_and_doubles_are_ordered_alike() {
        let singles: Vec<f64> = (0..3000_u32).map(|at| f64::from(at * 7919 % 601) / 8.0 - 30.0).collect();
        let doubles: Vec<f64> = singles.iter().map(|value| value / 3.0).collect();
        assert_eq!(descending(&singles), descending(&doubles));
        assert_eq!(ascending(&singles), ascending(&doubles));
        let mut slow: Vec<usize> = (0..3000).collect();
        slow.sort_by(|&a, &b| singles[a].total_cmp(&singles[b]));
        assert_eq!(ascending(&singles), slow);
        assert_eq!(ascending(&[f64::INFINITY, 1.0, f64::NEG_INFINITY, -0.0, 0.0]), [2, 3, 4, 1, 0]);
    }

    #[test]
    fn orders_put_nan_last() {
        assert_eq!(descending(&[NAN, 1.0, f64::NEG_INFINITY, -NAN]), [1, 2, 0, 3]);
        assert_eq!(ascending(&[NAN, f64::INFINITY, 1.0, -NAN]), [2, 1, 0, 3]);
    }

    #[test]
    fn equal_values_share_the_mean_rank() {
        assert_eq!(average(&[10.0, 20.0, 10.0, 5.0]), [2.5, 4.0, 2.5, 1.0]);
        assert_eq!(average(&[7.0_f32; 3]), [2.0; 3]);
        assert_eq!(average(&[-0.0, 0.0]), [1.5, 1.5]);
        assert!(average::<f64>(&[]).is_empty());
    }

    #[test]
    fn nan_has_no_rank_and_takes_none() {
        let ranks = average(&[NAN, 2.0, 1.0]);
        assert!(ranks[0].is_nan());
        assert_eq!(ranks[1..], [2.0, 1.0]);
    }
}
