//! How large a difference between two samples is, whatever its p-value.
//!
//! All are positive where `a` tends to be larger. The first two are of pairs and leave out those with a NaN; the last two
//! compare each `a` with each `b` and leave out the NaN of either.

use crate::correlation::complete;
use crate::rank_sum::RankSum;
use crate::signed::{differences, rank_sums};
use crate::summary::{mean, sum};

/// Cohen's d of pairs, d_z: the mean difference in units of the standard deviation of the differences, with n - 1 in its
/// denominator (Cohen, Statistical Power Analysis, 1988, section 2.3.5).
///
/// NaN for fewer than two pairs or if all differences are equal.
///
/// # Panics
///
/// If the slices differ in length.
pub fn cohen_d(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = complete(a, b);
    let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    let mean = mean(&differences);
    let squares = sum(differences.iter().map(|difference| (difference - mean).powi(2)));
    if squares == 0.0 || differences.len() < 2 {
        return f64::NAN;
    }
    mean / (squares / (differences.len() - 1) as f64).sqrt()
}

/// The matched-pairs rank-biserial correlation (Kerby, 2014): the ranks of positive differences less those of negative ones, as
/// a share of all ranks, by the ranks of [`crate::signed::wilcoxon`]; -1 to 1.
///
/// NaN if no pair differs.
///
/// # Panics
///
/// If the slices differ in length.
pub fn rank_biserial_pairs(a: &[f64], b: &[f64]) -> f64 {
    let (plus, minus, _) = rank_sums(&differences(a, b));
    (plus - minus) / (plus + minus)
}

/// Cliff's delta (Psychological Bulletin 1993): the share of all pairs of an `a` and a `b` in which `a` is larger less the share
/// in which `b` is; -1 to 1. NaN for an empty sample.
pub fn cliff_delta(a: &[f64], b: &[f64]) -> f64 {
    RankSum::new(&numbers(a), &numbers(b)).dominance()
}

/// The common-language effect size: how likely one of `a`, drawn at random, is larger than one of `b`, drawn apart from it,
/// P(A > B) + P(A = B) / 2 (McGraw and Wong, 1992; the A of Vargha and Delaney, 2000). NaN for an empty sample.
pub fn common_language(a: &[f64], b: &[f64]) -> f64 {
    RankSum::new(&numbers(a), &numbers(b)).share()
}

fn numbers(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|value| !value.is_nan()).collect()
}

#[cfg(test)]
mod tests {
    use super::{cliff_delta, cohen_d, common_language, rank_biserial_pairs};

    const NAN: f64 = f64::NAN;

    /// Differences 1, 3: mean 2, deviation √2.
    #[test]
    fn cohen_by_hand() {
        assert!((cohen_d(&[1.0, 4.0, NAN], &[0.0, 1.0, 2.0]) - 2.0_f64.sqrt()).abs() < 1e-15);
        assert!(cohen_d(&[0.4; 1100], &[0.1; 1100]).is_nan());
        assert!(cohen_d(&[1.0], &[2.0]).is_nan() && cohen_d(&[], &[]).is_nan());
    }

    /// Ranks of 1, 2, -3, 4 and a tie that does not count.
    #[test]
    fn rank_biserial_by_hand() {
        assert_eq!(rank_biserial_pairs(&[1.0, 2.0, 0.0, 4.0, 7.0], &[0.0, 0.0, 3.0, 0.0, 7.0]), 0.4);
        assert!(rank_biserial_pairs(&[1.0], &[1.0]).is_nan());
        assert_eq!(rank_biserial_pairs(&[1.0, 2.0], &[3.0, 4.0]), -1.0);
    }

    #[test]
    fn all_pairs_by_hand() {
        let (a, b) = ([1.0, 3.0, 5.0, NAN], [3.0, 0.0]);
        assert_eq!(cliff_delta(&a, &b), 0.5); // Four larger, one smaller, one equal of six.
        assert_eq!(common_language(&a, &b), 0.75);
        assert_eq!(cliff_delta(&b, &a), -0.5);
        assert!(cliff_delta(&[NAN], &b).is_nan() && common_language(&a, &[]).is_nan());
    }

    #[test]
    fn signs_agree() {
        let (a, b) = ([0.9, 0.8, 0.7, 0.9], [0.1, 0.3, 0.2, 0.8]);
        for effect in [cohen_d, rank_biserial_pairs, cliff_delta] {
            assert!(effect(&a, &b) > 0.0 && (effect(&a, &b) + effect(&b, &a)).abs() < 1e-15);
        }
    }
}
