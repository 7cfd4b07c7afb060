//! Sums over all rows: the gradients of what every row is added to or multiplied with.

use std::ops::Range;

use rayon::prelude::*;

use crate::parts::{SUMS, part};
use crate::simd::{Level, Simd, Work};

/// Rows that are added up before they join the sum of a part.
const CHAIN: usize = 64;

/// The sums of `width` numbers that `add(rows, sums)` adds for some of `n` rows, over all of them.
pub(super) fn sums(n: usize, width: usize, add: impl Fn(Range<usize>, &mut [f32]) + Sync) -> Vec<f32> {
    let sum = |i: usize| {
        let rows = part(i, SUMS, n);
        let (mut whole, mut chain) = (vec![0.0; width], vec![0.0; width]);
        for start in rows.clone().step_by(CHAIN) {
            chain.fill(0.0);
            add(start..rows.end.min(start + CHAIN), &mut chain);
            join(&mut whole, &chain);
        }
        whole
    };
    let parts: Vec<Vec<f32>> = (0..SUMS).into_par_iter().map(sum).collect();
    let mut whole = vec![0.0; width];
    parts.iter().for_each(|part| join(&mut whole, part));
    whole
}

fn join(whole: &mut [f32], part: &[f32]) {
    whole.iter_mut().zip(part).for_each(|(whole, part)| *whole += part);
}

/// The sums of the columns of rows of `width` numbers; threads do not matter.
///
/// # Panics
/// If the numbers are not whole rows.
pub fn column_sums(level: Level, width: usize, rows: &[f32]) -> Vec<f32> {
    let n = rows.len().checked_div(width).unwrap_or(0);
    assert_eq!(rows.len(), n * width);
    sums(n, width, |range, sums| level.run(Add { rows: &rows[range.start * width..range.end * width], sums }))
}

/// Adds rows to sums.
struct Add<'a> {
    rows: &'a [f32],
    sums: &'a mut [f32],
}

impl Work for Add<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for row in self.rows.chunks_exact(self.sums.len()) {
            // Plain indices: a chain of iterators is neither inlined nor made vectors of.
            for i in 0..row.len() {
                self.sums[i] += row[i];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_their_sums_on_any_threads() {
        for (n, width) in [(1, 7), (15, 1), (300, 33), (2100, 5), (0, 3)] {
            let rows: Vec<f32> = (0..n * width).map(|i| ((i * 37) % 101) as f32 / 7.0 - 3.0).collect();
            let expected: Vec<f64> = (0..width)
                .map(|column| rows.iter().skip(column).step_by(width).map(|x| f64::from(*x)).sum())
                .collect();
            let all: Vec<Vec<f32>> = (Level::all().into_iter().flat_map(|level| [(level, 1), (level, 3)]))
                .map(|(level, threads)| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                    pool.install(|| column_sums(level, width, &rows))
                })
                .collect();
            assert!(all.iter().all(|sums| *sums == all[0]));
            for (got, expected) in all[0].iter().zip(expected) {
                assert!((f64::from(*got) - expected).abs() <= 1e-5 * n as f64, "{got}, expected {expected}");
            }
        }
    }
}
