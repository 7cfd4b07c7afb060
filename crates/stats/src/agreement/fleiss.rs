//! Fleiss' kappa (Psychological Bulletin 1971).

use rand::Rng;

use crate::interval::Interval;
use crate::resample::Bootstrap;
use crate::summary::{mean_of, sum};

/// The agreement of raters who put each subject into a category, beyond what chance would give: 1 if they agree, 0 if they
/// might as well have drawn lots. `counts` says, for each subject, how many raters chose each category.
///
/// Subjects may have different numbers of raters; those with fewer than two do not count. NaN without a subject that counts, or
/// if all ratings are of one category, which leaves open what chance would do.
pub fn fleiss_kappa(counts: &[Vec<usize>]) -> f64 {
    kappa(counts.iter())
}

/// The bootstrap interval of [`fleiss_kappa`] over resampled subjects. Resamples without a kappa are left out; undefined as
/// [`Bootstrap::statistic`] says.
pub fn fleiss_kappa_interval(counts: &[Vec<usize>], bootstrap: &Bootstrap, rng: &mut impl Rng) -> Interval {
    bootstrap.statistic(counts.len(), rng, |drawn| kappa(drawn.iter().map(|&at| &counts[at])))
}

fn kappa<'a>(subjects: impl Iterator<Item = &'a Vec<usize>> + Clone) -> f64 {
    let raters = |counts: &[usize]| counts.iter().sum::<usize>();
    let subjects = subjects.filter(|counts| raters(counts) > 1);
    let agreement = mean_of(subjects.clone().map(|counts| {
        let n = raters(counts) as f64;
        (sum(counts.iter().map(|&count| (count * count) as f64)) - n) / (n * (n - 1.0))
    }));
    let ratings: usize = subjects.clone().map(|counts| raters(counts)).sum();
    let categories = subjects.clone().map(Vec::len).max().unwrap_or(0);
    let chosen = |category: usize| subjects.clone().filter_map(|counts| counts.get(category)).sum::<usize>();
    let shares: Vec<f64> = (0..categories).map(|category| chosen(category) as f64 / ratings as f64).collect();
    if shares.iter().filter(|&&share| share > 0.0).count() < 2 {
        return f64::NAN;
    }
    let by_chance = sum(shares.iter().map(|share| share * share));
    (agreement - by_chance) / (1.0 - by_chance)
}

#[cfg(test)]
mod tests {
    use super::{fleiss_kappa, fleiss_kappa_interval};
    use crate::random::generator;
    use crate::resample::Bootstrap;

    /// Agreement (1 + 1/3 + 1) / 3 = 7 / 9; shares 5 / 9 and 4 / 9, so 41 / 81 by chance; (63 - 41) / (81 - 41).
    #[test]
    fn three_subjects_by_hand() {
        let kappa = fleiss_kappa(&[vec![3, 0], vec![2, 1], vec![0, 3]]);
        assert!((kappa - 22.0 / 40.0).abs() < 1e-15, "{kappa}");
    }

    /// Subjects of two and of four raters: agreement (1 + 1/2) / 2; shares 3 / 6 twice.
    #[test]
    fn raters_may_be_missing() {
        let kappa = fleiss_kappa(&[vec![0, 2], vec![3, 1], vec![1, 0], vec![0, 0]]);
        assert!((kappa - (0.75 - 0.5) / 0.5).abs() < 1e-15, "{kappa}");
    }

    #[test]
    fn ends_and_nonsense() {
        assert_eq!(fleiss_kappa(&[vec![4, 0], vec![0, 4]]), 1.0);
        assert!(fleiss_kappa(&[vec![1, 1], vec![1, 1]]) < 0.0);
        assert!(fleiss_kappa(&[]).is_nan());
        assert!(fleiss_kappa(&[vec![3, 0], vec![5, 0]]).is_nan());
        assert!(fleiss_kappa(&[vec![1, 0], vec![0, 1]]).is_nan());
    }

    #[test]
    fn intervals_hold_kappa() {
        let counts: Vec<Vec<usize>> = (0..40).map(|at| vec![at % 5, 4 - at % 5]).collect();
        let bootstrap = Bootstrap { resamples: 500, level: 0.95 };
        let interval = fleiss_kappa_interval(&counts, &bootstrap, &mut generator(0, &[], 0));
        let kappa = fleiss_kappa(&counts);
        assert!(interval.low < kappa && kappa < interval.high, "{interval:?} {kappa}");
        let one = fleiss_kappa_interval(&counts[..1], &bootstrap, &mut generator(0, &[], 0));
        assert!(one.low.is_nan());
    }
}
