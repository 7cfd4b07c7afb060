//! Who is ahead, over images or over resamples: shares of the places where one is better than another, or best of all.

use crate::ranks;

/// The share of places where `a` is greater than `b`, half of those where they are equal included; places where either is NaN are
/// left out. NaN if none is left.
///
/// # Panics
///
/// If the slices differ in length.
pub fn pairwise(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = || a.iter().zip(b);
    let greater: u64 = pairs().map(|(a, b)| u64::from(a > b)).sum();
    let less: u64 = pairs().map(|(a, b)| u64::from(a < b)).sum();
    let equal: u64 = pairs().map(|(a, b)| u64::from(a == b)).sum();
    (2 * greater + equal) as f64 / (2 * (greater + less + equal)) as f64
}

/// For each column the share of places where it is greatest; where several are, each has its part, so that the shares add up
/// to 1. Places where any is NaN are left out; NaN if none is left.
///
/// # Panics
///
/// If the columns differ in length.
pub fn greatest<C: AsRef<[f64]>>(columns: &[C]) -> Vec<f64> {
    first(columns, |a, b| a > b)
}

/// As [`greatest`], of the least.
///
/// # Panics
///
/// If the columns differ in length.
pub fn least<C: AsRef<[f64]>>(columns: &[C]) -> Vec<f64> {
    first(columns, |a, b| a < b)
}

fn first<C: AsRef<[f64]>>(columns: &[C], ahead: fn(f64, f64) -> bool) -> Vec<f64> {
    let columns: Vec<&[f64]> = columns.iter().map(AsRef::as_ref).collect();
    let places = columns.first().map_or(0, |column| column.len());
    assert!(columns.iter().all(|column| column.len() == places));
    let mut shares = vec![0.0; columns.len()];
    let (mut leaders, mut counted) = (Vec::new(), 0_u64);
    for place in 0..places {
        if columns.iter().any(|column| column[place].is_nan()) {
            continue;
        }
        leaders.clear();
        for (at, column) in columns.iter().enumerate() {
            let best = leaders.first().map(|&leader: &usize| columns[leader][place]);
            if best.is_some_and(|best| ahead(best, column[place])) {
                continue;
            }
            if best.is_some_and(|best| ahead(column[place], best)) {
                leaders.clear();
            }
            leaders.push(at);
        }
        counted += 1;
        for &leader in &leaders {
            shares[leader] += 1.0 / leaders.len() as f64;
        }
    }
    shares.into_iter().map(|share| share / counted as f64).collect()
}

/// For each column its [average rank](ranks::average) among all columns at each place, 1 for the least. NaN everywhere at a place
/// where any is NaN.
///
/// # Panics
///
/// If the columns differ in length.
pub fn ranks<C: AsRef<[f64]>>(columns: &[C]) -> Vec<Vec<f64>> {
    let columns: Vec<&[f64]> = columns.iter().map(AsRef::as_ref).collect();
    let places = columns.first().map_or(0, |column| column.len());
    assert!(columns.iter().all(|column| column.len() == places));
    let mut found = vec![Vec::with_capacity(places); columns.len()];
    for place in 0..places {
        let values: Vec<f64> = columns.iter().map(|column| column[place]).collect();
        let undefined = values.iter().any(|value| value.is_nan());
        let ranks = if undefined { vec![f64::NAN; values.len()] } else { ranks::average(&values) };
        found.iter_mut().zip(ranks).for_each(|(found, rank)| found.push(rank));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{greatest, least, pairwise, ranks};

    const NAN: f64 = f64::NAN;

    #[test]
    fn ties_are_half_a_win() {
        assert_eq!(pairwise(&[1.0, 2.0, 3.0, 4.0], &[0.0, 2.0, 5.0, 1.0]), 0.625);
        assert_eq!(pairwise(&[0.0, NAN, 1.0], &[-0.0, 1.0, NAN]), 0.5);
        assert!(pairwise(&[], &[]).is_nan() && pairwise(&[NAN], &[1.0]).is_nan());
    }

    #[test]
    fn the_first_share_the_place() {
        let columns = [[3.0, 1.0, 2.0, NAN, 7.0], [3.0, 2.0, 2.0, 9.0, 8.0], [0.0, 4.0, 2.0, 9.0, 8.0]];
        let third = 1.0 / 3.0;
        assert_eq!(
            greatest(&columns),
            [(0.5 + third) / 4.0, (0.5 + third + 0.5) / 4.0, (1.0 + third + 0.5) / 4.0]
        );
        assert_eq!(least(&columns), [(1.0 + third + 1.0) / 4.0, third / 4.0, (1.0 + third) / 4.0]);
        assert_eq!(greatest(&[[1.0, 2.0]]), [1.0]);
        assert!(greatest(&[[], [0.0_f64; 0]]).iter().all(|share| share.is_nan()));
        assert!(greatest::<[f64; 1]>(&[]).is_empty());
    }

    #[test]
    fn columns_are_ranked_place_by_place() {
        let found = ranks(&[[3.0, 1.0, NAN], [1.0, 1.0, 2.0], [2.0, 0.0, 1.0]]);
        assert_eq!(
            (&found[0][..2], &found[1][..2], &found[2][..2]),
            (&[3.0, 2.5][..], &[1.0, 2.5][..], &[2.0, 1.0][..])
        );
        assert!(found.iter().all(|ranks| ranks[2].is_nan()));
        assert!(ranks::<[f64; 1]>(&[]).is_empty());
    }
}
