//! Which methods differ, once Friedman's test has said that some do.
//!
//! The tests take the ranks of [`crate::friedman::friedman`] and give a square of p-values, symmetric, with 1 on its diagonal.

use std::cmp::Ordering;

use crate::friedman::Friedman;
use crate::ranks;
use crate::studentized;

/// Nemenyi's test (1963; Demšar, JMLR 2006, section 3.2.2): p-values already adjusted for all pairs, of the largest difference
/// between the mean ranks of methods that do not differ. It takes no account of ties, which make it careful.
///
/// NaN without an image.
pub fn nemenyi(friedman: &Friedman) -> Vec<Vec<f64>> {
    let ranks = &friedman.mean_ranks;
    let error = standard_error(friedman.k, friedman.n);
    pairs(friedman.k, |i, j| studentized::sf((ranks[i] - ranks[j]).abs() / error, friedman.k))
}

/// The difference of mean ranks from which on Nemenyi's test has a p-value of at most `alpha`, for `k` methods on `n` images:
/// q √(k (k + 1) / (6 n)), q being the critical value of the range divided by √2 (Demšar's CD).
///
/// NaN for fewer than two methods, no image, or an `alpha` outside (0, 1).
pub fn critical_difference(k: usize, n: usize, alpha: f64) -> f64 {
    if n == 0 { f64::NAN } else { studentized::critical(k, alpha) * standard_error(k, n) }
}

/// Conover's test (Practical Nonparametric Statistics, 3rd edition, section 5.8): raw p-values of Student's t for differences of
/// rank sums, corrected for ties. Adjust them, as by [`crate::multiple::holm`], over the pairs that are looked at.
///
/// NaN for fewer than two images or if each image ties all methods. Where all images agree, 0.
pub fn conover(friedman: &Friedman) -> Vec<Vec<f64>> {
    pairs(friedman.k, |i, j| friedman.concordance.p_difference(i, j))
}

/// The largest groups of methods, neighbours by their mean rank, in which no two differ; best and lower ranks first, each group
/// in the order of its ranks. These are the bars of Demšar's diagram: only groups of two and more.
///
/// Methods without a rank (NaN) are in no group. `differs` is asked about positions in `mean_ranks`.
pub fn cliques(mean_ranks: &[f64], differs: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut order = ranks::ascending(mean_ranks);
    order.retain(|&at| !mean_ranks[at].is_nan());
    let mut cliques = Vec::new();
    let mut end = 0;
    for start in 0..order.len() {
        // A group stays one without its first member, so ends never fall.
        let before = end;
        end = end.max(start + 1);
        while end < order.len() && !order[start..end].iter().any(|&member| differs(member, order[end])) {
            end += 1;
        }
        if end > before && end - start > 1 {
            cliques.push(order[start..end].to_vec());
        }
    }
    cliques
}

/// The standard deviation of a mean rank over `n` images, as if the ranks were normal: √(k (k + 1) / (12 n)).
fn standard_error(k: usize, n: usize) -> f64 {
    ((k * (k + 1)) as f64 / (12 * n) as f64).sqrt()
}

fn pairs(k: usize, p_value: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
    let below: Vec<Vec<f64>> = (0..k).map(|i| (0..i).map(|j| p_value(i, j)).collect()).collect();
    let at = |i: usize, j: usize| match i.cmp(&j) {
        Ordering::Less => below[j][i],
        Ordering::Equal => 1.0,
        Ordering::Greater => below[i][j],
    };
    (0..k).map(|i| (0..k).map(|j| at(i, j)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::{cliques, conover, critical_difference, nemenyi};
    use crate::friedman::friedman;

    const NAN: f64 = f64::NAN;

    /// Table 5a of Demšar (2006): q at 0.05 and 0.10, to the three digits printed; CD = q √(k (k + 1) / (6 n)).
    #[test]
    fn critical_values_are_those_of_demsar() {
        let at_5 = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164];
        let at_10 = [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920];
        for (alpha, table) in [(0.05, at_5), (0.10, at_10)] {
            for (k, expected) in (2..).zip(table) {
                let per_rank = ((k * (k + 1)) as f64 / (6.0 * 14.0)).sqrt();
                let found = critical_difference(k, 14, alpha) / per_rank;
                assert!((found - expected).abs() < 0.001, "{k}: {found} {expected}");
            }
        }
        assert!(critical_difference(3, 0, 0.05).is_nan() && critical_difference(1, 9, 0.05).is_nan());
    }

    #[test]
    fn nemenyi_is_at_alpha_where_the_critical_difference_is() {
        let found = friedman(&[&[1.0, 2.0, 1.0], &[2.0, 1.0, 3.0], &[3.0, 3.0, 2.0]]);
        let p = nemenyi(&found);
        assert!(p.iter().enumerate().all(|(at, row)| row[at] == 1.0));
        assert_eq!(p[0][2], p[2][0]);
        let difference = found.mean_ranks[2] - found.mean_ranks[0];
        assert!((critical_difference(3, 3, p[0][2]) - difference).abs() < 1e-9);
    }

    #[test]
    fn degenerate_ranks() {
        let agree = friedman(&[&[1.0, 2.0], &[2.0, 3.0], &[2.0, 3.0]]);
        assert_eq!(conover(&agree), [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]);
        let tied = friedman(&[&[1.0, 2.0], &[1.0, 2.0]]);
        assert!(conover(&tied)[0][1].is_nan());
        assert_eq!(nemenyi(&tied)[0][1], 1.0);
        let none = friedman(&[&[NAN], &[1.0]]);
        assert!(conover(&none)[0][1].is_nan() && nemenyi(&none)[0][1].is_nan());
        assert!(conover(&friedman(&[&[1.0], &[2.0]]))[0][1].is_nan());
        assert!(nemenyi(&friedman(&[])).is_empty());
    }

    #[test]
    fn cliques_are_the_bars_of_the_diagram() {
        let ranks: [f64; 4] = [3.2, 1.0, 2.0, 3.0];
        let within = |distance: f64| move |i: usize, j: usize| (ranks[i] - ranks[j]).abs() >= distance;
        assert_eq!(cliques(&ranks, within(1.1)), [[1, 2], [2, 3], [3, 0]]);
        assert_eq!(cliques(&ranks, within(1.3)), [vec![1, 2], vec![2, 3, 0]]);
        assert_eq!(cliques(&ranks, within(9.0)), [[1, 2, 3, 0]]);
        assert_eq!(cliques(&ranks, within(0.5)), [[3, 0]]);
        assert!(cliques(&ranks, within(0.0)).is_empty());
        assert!(cliques(&[], |_, _| false).is_empty());
        assert_eq!(cliques(&[2.0, NAN, 1.0], |_, _| false), [[2, 0]]);
    }

    /// Two in the middle differ although the ends do not: no group spans them.
    #[test]
    fn no_two_of_a_clique_differ() {
        let differs = |i: usize, j: usize| (i.min(j), i.max(j)) == (1, 2);
        assert_eq!(cliques(&[1.0, 2.0, 3.0, 4.0], differs), [[0, 1], [2, 3]]);
    }
}
