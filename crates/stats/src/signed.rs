//! Whether paired differences lean to one side.
//!
//! Both tests are two-sided, pair `a[i]` with `b[i]`, and leave out pairs with a NaN and pairs without a difference.

use statrs::function::erf::erfc;

use crate::proportion::binomial_test;
use crate::ranks;

/// Up to so many differences the p-value of [`wilcoxon`] is exact.
const EXACT: usize = 50;

/// A test of paired differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedTest {
    /// What the test counts; see there.
    pub statistic: f64,
    /// How likely a statistic at least as far out is if each difference might as well have the other sign.
    pub p_value: f64,
    /// How many pairs differ.
    pub n: usize,
}

/// Wilcoxon's signed-rank test (Biometrics Bulletin 1945). The statistic is the smaller one of the sums of the ranks of
/// positive and of negative differences.
///
/// Pairs without a difference are left out before ranking (Wilcoxon's rule). Up to 50 differences the p-value is exact, ties
/// included: of all ways to choose signs, the share that goes so far (SciPy's exact and permutation methods; with ties among
/// more than 13 SciPy approximates). For more it is the normal approximation, its variance corrected for ties, without
/// continuity correction. NaN if no pair differs.
///
/// # Panics
///
/// If the slices differ in length.
pub fn wilcoxon(a: &[f64], b: &[f64]) -> SignedTest {
    let differences = differences(a, b);
    let n = differences.len();
    if n == 0 {
        return SignedTest { statistic: f64::NAN, p_value: f64::NAN, n };
    }
    let (plus, minus, ranks) = rank_sums(&differences);
    let statistic = plus.min(minus);
    let p_value = if n <= EXACT { exact_p(&ranks, statistic) } else { normal_p(&ranks, statistic) };
    SignedTest { statistic, p_value, n }
}

/// The sign test: the exact binomial one of how often `a` is larger, which is the statistic. NaN if no pair differs.
///
/// # Panics
///
/// If the slices differ in length.
pub fn sign(a: &[f64], b: &[f64]) -> SignedTest {
    let differences = differences(a, b);
    let n = differences.len();
    let larger = differences.iter().filter(|&&difference| difference > 0.0).count();
    let p_value = if n == 0 { f64::NAN } else { binomial_test(larger, n, 0.5) };
    SignedTest { statistic: if n == 0 { f64::NAN } else { larger as f64 }, p_value, n }
}

/// a - b where they differ; equal infinities do not.
pub(crate) fn differences(a: &[f64], b: &[f64]) -> Vec<f64> {
    assert_eq!(a.len(), b.len(), "samples of different length cannot be paired");
    // Neither NaN nor zero is above zero.
    a.iter().zip(b).map(|(a, b)| a - b).filter(|difference| difference.abs() > 0.0).collect()
}

/// The sums of the ranks of positive and of negative differences, and all ranks of their sizes.
pub(crate) fn rank_sums(differences: &[f64]) -> (f64, f64, Vec<f64>) {
    let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    let ranks = ranks::average(&sizes);
    let plus = differences
        .iter()
        .zip(&ranks)
        .filter(|(difference, _)| **difference > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    let n = differences.len() as f64;
    (plus, n * (n + 1.0) / 2.0 - plus, ranks)
}

/// Twice the share of the 2^n choices of signs whose sum of ranks is at most `statistic`, at most 1.
fn exact_p(ranks: &[f64], statistic: f64) -> f64 {
    // In halves: twice the ranks are whole.
    let bound = (2.0 * statistic) as usize;
    let mut probability = vec![0.0; bound + 1];
    probability[0] = 1.0;
    for rank in ranks.iter().map(|rank| (2.0 * rank) as usize) {
        for sum in (0..=bound).rev() {
            let taken = if sum >= rank { probability[sum - rank] } else { 0.0 };
            probability[sum] = f64::midpoint(probability[sum], taken);
        }
    }
    (2.0 * probability.iter().sum::<f64>()).min(1.0)
}

/// Each rank counts or not with equal probability, so the sum varies by a quarter of the sum of squares, ties or none.
fn normal_p(ranks: &[f64], statistic: f64) -> f64 {
    let mean = ranks.iter().sum::<f64>() / 2.0;
    let variance = ranks.iter().map(|rank| rank * rank).sum::<f64>() / 4.0;
    erfc((mean - statistic) / (2.0 * variance).sqrt())
}

#[cfg(test)]
mod tests {
    use super::{exact_p, normal_p, sign, wilcoxon};

    const NAN: f64 = f64::NAN;

    /// Differences 1, 2, -3, 4: the negative rank sum is 3; 5 of 16 choices of signs sum to at most 3.
    #[test]
    fn four_by_hand() {
        let found = wilcoxon(&[1.0, 2.0, 0.0, 4.0], &[0.0, 0.0, 3.0, 0.0]);
        assert_eq!((found.statistic, found.p_value, found.n), (3.0, 10.0 / 16.0, 4));
        let found = sign(&[1.0, 2.0, 0.0, 4.0], &[0.0, 0.0, 3.0, 0.0]);
        assert_eq!((found.statistic, found.n), (3.0, 4));
        assert!((found.p_value - 10.0 / 16.0).abs() < 1e-14);
    }

    /// Differences 1, 1, 1, -2: ranks 2, 2, 2, 4; sums up to 4 are {}, three times {2}, three times {2, 2} and {4}.
    #[test]
    fn ties_are_exact() {
        let found = wilcoxon(&[1.0, 1.0, 1.0, 0.0], &[0.0, 0.0, 0.0, 2.0]);
        assert_eq!((found.statistic, found.p_value), (4.0, 1.0));
        let found = wilcoxon(&[1.0, 1.0, 1.0, -1.0], &[0.0; 4]);
        assert_eq!((found.statistic, found.p_value), (2.5, 10.0 / 16.0));
    }

    #[test]
    fn sides_change_with_the_samples_and_nothing_else() {
        let (a, b) = ([0.3, 0.1, 0.5, 0.9, 0.7], [0.2, 0.4, 0.1, 0.8, 0.2]);
        assert_eq!(wilcoxon(&a, &b), wilcoxon(&b, &a));
        assert_eq!(sign(&a, &b).p_value, sign(&b, &a).p_value);
        assert_eq!((sign(&a, &b).statistic, sign(&b, &a).statistic), (4.0, 1.0));
    }

    #[test]
    fn pairs_without_a_difference_are_left_out() {
        let (a, b) = ([1.0, NAN, 2.0, 5.0, 3.0], [0.0, 1.0, 2.0, NAN, 9.0]);
        assert_eq!(wilcoxon(&a, &b), wilcoxon(&[1.0, 3.0], &[0.0, 9.0]));
        assert_eq!(sign(&a, &b).n, 2);
        for undefined in [wilcoxon(&[1.0; 3], &[1.0; 3]), sign(&[], &[]), sign(&[2.0], &[2.0])] {
            assert!(undefined.statistic.is_nan() && undefined.p_value.is_nan() && undefined.n == 0);
        }
        let infinite = [f64::INFINITY, 1.0];
        assert_eq!(wilcoxon(&infinite, &infinite).n, 0);
    }

    /// Where the approximation takes over, both say nearly the same.
    #[test]
    fn the_approximation_is_close_at_the_border() {
        let ranks: Vec<f64> = (1..=51).map(f64::from).collect();
        for statistic in [250.0, 400.0, 500.0, 600.0, 663.0] {
            let (exact, normal) = (exact_p(&ranks, statistic), normal_p(&ranks, statistic));
            assert!((exact - normal).abs() < 0.02 * exact.max(0.1), "{statistic}: {exact} {normal}");
        }
    }
}
