//! Mann and Whitney's comparison of two independent samples, as effect sizes and the rank-biserial correlation share it.

use statrs::function::erf::erfc;

use crate::ranks;

/// Two samples without NaN, ranked together.
pub(crate) struct RankSum {
    /// The sizes of the samples.
    n: usize,
    m: usize,
    /// How many pairs have the larger value in the first sample, an equal one counting half.
    u: f64,
    /// Sum over the groups of t equal values of t³ - t.
    ties: f64,
}

impl RankSum {
    pub(crate) fn new(a: &[f64], b: &[f64]) -> Self {
        let (n, m) = (a.len(), b.len());
        let all: Vec<f64> = a.iter().chain(b).copied().collect();
        let ranks = ranks::average(&all);
        let u = ranks[..n].iter().sum::<f64>() - (n * (n + 1)) as f64 / 2.0;
        let mut sorted = ranks;
        sorted.sort_unstable_by(f64::total_cmp);
        let cubes = |group: &[f64]| (group.len() as f64).powi(3) - group.len() as f64;
        let ties = sorted.chunk_by(|a, b| a == b).map(cubes).sum();
        Self { n, m, u, ties }
    }

    fn pairs(&self) -> f64 {
        self.n as f64 * self.m as f64
    }

    /// The share of pairs in which the first sample has the larger value, equal ones counting half; NaN for an empty sample.
    pub(crate) fn share(&self) -> f64 {
        self.u / self.pairs()
    }

    /// The share of pairs for the first sample less that for the second one.
    pub(crate) fn dominance(&self) -> f64 {
        (2.0 * self.u - self.pairs()) / self.pairs()
    }

    /// The two-sided p-value of no dominance, by SciPy's rule: exact without ties where a sample has at most eight values,
    /// otherwise normal, its variance corrected for ties, with continuity correction. NaN for an empty sample or a single value.
    pub(crate) fn p_value(&self) -> f64 {
        let smaller = self.u.min(self.pairs() - self.u);
        let all = (self.n + self.m) as f64;
        let variance = self.pairs() / 12.0 * (all + 1.0 - self.ties / (all * (all - 1.0)));
        if self.pairs() == 0.0 || variance <= 0.0 {
            f64::NAN
        } else if self.ties == 0.0 && self.n.min(self.m) <= 8 {
            exact_p(self.n.min(self.m), self.n.max(self.m), smaller as usize)
        } else {
            let distance = self.pairs() / 2.0 - smaller - 0.5;
            erfc(distance / (2.0 * variance).sqrt()).min(1.0)
        }
    }
}

/// Twice the share of the ways to place `n` values among `m` others with at most `u` pairs out of order, at most 1.
///
/// The numbers of ways are the coefficients of the product of (1 - x^(m + i)) / (1 - x^i) over i from 1 to n.
fn exact_p(n: usize, m: usize, u: usize) -> f64 {
    let mut ways = vec![0.0; u + 1];
    ways[0] = 1.0;
    let mut all = 1.0;
    for i in 1..=n {
        for at in (m + i..=u).rev() {
            ways[at] -= ways[at - m - i];
        }
        for at in i..=u {
            ways[at] += ways[at - i];
        }
        all *= (m + i) as f64 / i as f64;
    }
    (2.0 * ways.iter().sum::<f64>() / all).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::{RankSum, exact_p};

    /// Of the 10 ways to place two among three, 1, 1, 2, 2, 2, 1, 1 have 0 to 6 pairs out of order.
    #[test]
    fn exact_p_counts_ways() {
        for (u, share) in [(0, 0.2), (1, 0.4), (2, 0.8), (3, 1.0)] {
            assert!((exact_p(2, 3, u) - share).abs() < 1e-15, "{u}");
        }
    }

    #[test]
    fn pairs_are_counted() {
        let ranked = RankSum::new(&[1.0, 3.0, 3.0], &[2.0, 3.0]);
        assert!((ranked.share() - 0.5).abs() < 1e-15); // Of six pairs two are larger, two are equal.
        assert_eq!(ranked.dominance(), 0.0);
        assert_eq!(ranked.ties, 24.0);
        assert_eq!(ranked.p_value(), 1.0);
        assert!(RankSum::new(&[], &[1.0]).share().is_nan());
        assert!(RankSum::new(&[], &[1.0]).p_value().is_nan());
        assert!(RankSum::new(&[1.0], &[1.0]).p_value().is_nan());
    }
}
