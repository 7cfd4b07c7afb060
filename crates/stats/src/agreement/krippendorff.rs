//! Krippendorff's alpha (Content Analysis, 4th edition, chapter 12): the share of the disagreement to be expected by chance that
//! raters avoid.

use rand::Rng;

use crate::interval::Interval;
use crate::resample::Bootstrap;
use crate::summary::sum;

/// What ratings tell, and so how far apart two of them are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// An order: as far apart as there are ratings between them. That is the difference of the two average ranks among all
    /// ratings that can be paired, so that only the order of the values counts.
    Ordinal,
    /// Differences: as far apart as the values are.
    Interval,
}

/// Ratings of units, ready for the alpha of any resample of the units.
#[derive(Debug, Clone)]
pub struct Ratings {
    /// The different values in ascending order.
    values: Vec<f64>,
    /// For each unit the numbers of the values that its raters gave.
    units: Vec<Vec<usize>>,
}

impl Ratings {
    /// One slice for each rater, all of the same units in the same order; NaN where a rater gave none.
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub fn new(raters: &[&[f64]]) -> Self {
        let units = raters.first().map_or(0, |ratings| ratings.len());
        assert!(raters.iter().all(|ratings| ratings.len() == units), "raters must have the same units");
        let given = |rating: &&f64| !rating.is_nan();
        // Adding zero turns -0 into 0.
        let mut values: Vec<f64> =
            raters.iter().flat_map(|ratings| ratings.iter().filter(given)).map(|v| v + 0.0).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        let number = |rating: &f64| values.partition_point(|value| value < rating);
        let of_unit =
            |unit: usize| raters.iter().map(|ratings| &ratings[unit]).filter(given).map(number).collect();
        let units = (0..units).map(of_unit).collect();
        Self { values, units }
    }

    /// How many units.
    pub fn units(&self) -> usize {
        self.units.len()
    }

    /// Alpha of the units at these positions, each as often as it is drawn: 1 if raters agree, 0 if they might as well have
    /// drawn lots, negative if they disagree more than that.
    ///
    /// A unit with fewer than two ratings does not count. NaN if no unit has two, or if all ratings are equal, which leaves
    /// open what chance would do.
    ///
    /// # Panics
    ///
    /// If a position is none.
    pub fn alpha(&self, scale: Scale, drawn: impl IntoIterator<Item = usize> + Clone) -> f64 {
        let pairable = || drawn.clone().into_iter().map(|at| &self.units[at]).filter(|unit| unit.len() > 1);
        let mut counts = vec![0_usize; self.values.len()];
        for &value in pairable().flatten() {
            counts[value] += 1;
        }
        let places = match scale {
            Scale::Ordinal => average_ranks(&counts),
            Scale::Interval => self.values.clone(),
        };
        let n = counts.iter().sum::<usize>() as f64;
        let mean = sum(counts.iter().zip(&places).map(|(&count, place)| count as f64 * place)) / n;
        let all =
            sum(counts.iter().zip(&places).map(|(&count, place)| count as f64 * (place - mean).powi(2)));
        // The squared differences of all pairs are the squared deviations from the mean, times the size.
        let within = sum(pairable().map(|unit| {
            let size = unit.len() as f64;
            size / (size - 1.0) * squared_deviations(unit.iter().map(|&value| places[value]))
        }));
        if counts.iter().filter(|&&count| count > 0).count() < 2 {
            return f64::NAN;
        }
        1.0 - (n - 1.0) * within / (n * all)
    }

    /// The bootstrap interval of alpha over resampled units; undefined as [`Bootstrap::statistic`] says.
    pub fn bootstrap(&self, scale: Scale, bootstrap: &Bootstrap, rng: &mut impl Rng) -> Interval {
        bootstrap.statistic(self.units(), rng, |drawn| self.alpha(scale, drawn.iter().copied()))
    }
}

/// Alpha of ratings of which only the order counts; see [`Ratings`] for the order of slices, NaN, and intervals.
///
/// # Panics
///
/// If the slices differ in length.
pub fn krippendorff_ordinal(raters: &[&[f64]]) -> f64 {
    let ratings = Ratings::new(raters);
    ratings.alpha(Scale::Ordinal, 0..ratings.units())
}

/// The average rank of each value, given how often each occurs.
fn average_ranks(counts: &[usize]) -> Vec<f64> {
    let rank = |before: &mut usize, &count: &usize| {
        let start = *before;
        *before += count;
        Some((start + 1 + *before) as f64 / 2.0)
    };
    counts.iter().scan(0, rank).collect()
}

fn squared_deviations(places: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let mean = places.clone().sum::<f64>() / places.len() as f64;
    places.map(|place| (place - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::{Ratings, Scale, krippendorff_ordinal};
    use crate::random::generator;
    use crate::resample::Bootstrap;

    const NAN: f64 = f64::NAN;

    /// Straight from the definition: observed less expected squared distances of pairs of ratings, with weights 1 / (m - 1).
    fn slow(raters: &[Vec<f64>], scale: Scale) -> f64 {
        let units =
            (0..raters[0].len()).map(|at| raters.iter().map(|r| r[at]).filter(|v| !v.is_nan()).collect());
        let units: Vec<Vec<f64>> = units.filter(|unit: &Vec<f64>| unit.len() > 1).collect();
        let all: Vec<f64> = units.iter().flatten().copied().collect();
        let distance = |a: f64, b: f64| {
            let (low, high) = (a.min(b), a.max(b));
            let count = |holds: &dyn Fn(f64) -> bool| all.iter().filter(|&&v| holds(v)).count() as f64;
            let ends = f64::midpoint(count(&|v| v == low), count(&|v| v == high));
            match scale {
                Scale::Ordinal => (count(&|v| low <= v && v <= high) - ends).powi(2),
                Scale::Interval => (a - b).powi(2),
            }
        };
        let of_pairs = |values: &[f64]| -> f64 {
            values
                .iter()
                .flat_map(|&a| values.iter().map(move |&b| (a, b)))
                .map(|(a, b)| distance(a, b))
                .sum()
        };
        let observed: f64 = units.iter().map(|unit| of_pairs(unit) / (unit.len() - 1) as f64).sum();
        1.0 - observed * (all.len() - 1) as f64 / of_pairs(&all)
    }

    #[test]
    fn fast_agrees_with_slow() {
        for round in 0..50 {
            let mut rng = generator(0, &["krippendorff"], round);
            let mut value = || match rng.random_range(-3..4_i32) {
                -3 => NAN,
                value => f64::from(value).powi(3),
            };
            let raters: Vec<Vec<f64>> = (0..4).map(|_| (0..12).map(|_| value()).collect()).collect();
            let ratings = Ratings::new(&raters.iter().map(Vec::as_slice).collect::<Vec<_>>());
            for scale in [Scale::Ordinal, Scale::Interval] {
                let (fast, slow) = (ratings.alpha(scale, 0..12), slow(&raters, scale));
                assert!((fast - slow).abs() < 1e-13, "{round} {scale:?}: {fast} {slow}");
            }
        }
    }

    #[test]
    fn only_the_order_counts_on_an_ordinal_scale() {
        let (a, b) = ([1.0, 2.0, 3.0, 3.0], [1.0, 3.0, 2.0, 3.0]);
        let bent = |values: [f64; 4]| values.map(|value| (2.0 * value).exp());
        assert_eq!(krippendorff_ordinal(&[&a, &b]), krippendorff_ordinal(&[&bent(a), &bent(b)]));
    }

    #[test]
    fn a_resample_is_a_sample_of_its_units() {
        let (a, b) = ([1.0, 2.0, NAN, 3.0], [1.0, 3.0, 2.0, 2.0]);
        let pick = |values: &[f64]| [1, 1, 0, 3, 2].map(|at: usize| values[at]);
        let found = Ratings::new(&[&a, &b]).alpha(Scale::Ordinal, [1, 1, 0, 3, 2]);
        assert!((found - krippendorff_ordinal(&[&pick(&a), &pick(&b)])).abs() < 1e-15);
    }

    #[test]
    fn ends_and_nonsense() {
        assert_eq!(krippendorff_ordinal(&[&[1.0, 2.0, -0.0], &[1.0, 2.0, 0.0]]), 1.0);
        assert!(krippendorff_ordinal(&[&[1.0, 2.0], &[2.0, 1.0]]) < 0.0);
        assert!(krippendorff_ordinal(&[&[2.0; 3], &[2.0; 3]]).is_nan());
        assert!(krippendorff_ordinal(&[&[1.0, NAN], &[NAN, 2.0]]).is_nan());
        assert!(krippendorff_ordinal(&[]).is_nan() && krippendorff_ordinal(&[&[1.0, 2.0]]).is_nan());
    }

    #[test]
    fn intervals_hold_alpha() {
        let a: Vec<f64> = (0..60).map(f64::from).collect();
        let b: Vec<f64> = a.iter().map(|value| value + 8.0 * (value * 7.0).sin()).collect();
        let ratings = Ratings::new(&[&a, &b]);
        let bootstrap = Bootstrap { resamples: 500, level: 0.95 };
        let interval = ratings.bootstrap(Scale::Ordinal, &bootstrap, &mut generator(0, &[], 0));
        let alpha = krippendorff_ordinal(&[&a, &b]);
        assert!(0.8 < interval.low && interval.low < alpha && alpha < interval.high && interval.high < 1.0);
        let one =
            Ratings::new(&[&[1.0], &[1.0]]).bootstrap(Scale::Ordinal, &bootstrap, &mut generator(0, &[], 0));
        assert!(one.low.is_nan());
    }
}
