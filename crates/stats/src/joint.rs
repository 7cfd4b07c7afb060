//! Product-moment correlations of many samples in resamples of their observations, which all pairs share: `counts` says how often
//! a resample has drawn each observation, as [`crate::draws::Draws`] has it.
//!
//! What must be sorted is sorted once: a resample says how often it has drawn each observation, and its ranks follow
//! from counting. A resample of ranks is ranked anew: ranks that stay those of the whole sample would make the
//! interval of Spearman's coefficient that of another statistic.

use crate::centred::Centred;
use crate::groups::{self, Groups};

/// A sample without NaN, ready for any resample.
#[derive(Clone, Debug)]
pub struct Sample(Form);

#[derive(Clone, Debug)]
enum Form {
    /// Deviations from the mean, on a scale that overflows nothing.
    Values(Vec<f64>),
    Ranks(Groups),
}

impl Sample {
    /// The values themselves, for Pearson's coefficient.
    pub fn values(values: &[f64]) -> Self {
        Self(Form::Values(Centred::new(values).into_deviations()))
    }

    /// The average ranks, for Spearman's.
    pub fn ranks(values: &[f64]) -> Self {
        Self(Form::Ranks(Groups::new(values)))
    }

    /// The sample in a resample that has drawn each observation as often as `counts` says.
    ///
    /// # Panics
    ///
    /// If there are not as many counts as observations.
    pub fn drawn(&self, counts: &[u8]) -> Drawn {
        let mut drawn = Drawn::default();
        self.draw(counts, &mut drawn);
        drawn
    }

    /// The same, into the memory of an earlier resample.
    ///
    /// # Panics
    ///
    /// If there are not as many counts as observations.
    pub fn draw(&self, counts: &[u8], into: &mut Drawn) {
        into.deviations.clear();
        let is_constant = match &self.0 {
            Form::Values(values) => {
                let sum: f64 =
                    values.iter().zip(counts).map(|(value, &count)| value * f64::from(count)).sum();
                let mean = sum / total(counts);
                into.deviations.extend(values.iter().map(|value| value - mean));
                is_constant(values, counts)
            }
            Form::Ranks(groups) => {
                groups.count(counts, &mut into.groups);
                let mean = f64::midpoint(total(counts), 1.0);
                into.ranks.clear();
                into.ranks.extend(groups::average(&into.groups).map(|rank| rank - mean));
                into.deviations.extend(groups.of.iter().map(|&group| into.ranks[group as usize]));
                into.groups.iter().filter(|&&count| count > 0).count() < 2
            }
        };
        into.weigh(counts, is_constant);
    }
}

/// A sample in one resample: its deviations from the resample's mean.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    deviations: Vec<f64>,
    /// The deviations, each times how often it was drawn.
    weighted: Vec<f64>,
    /// The weighted sum of their squares; NaN for a constant resample, which correlates with nothing.
    squares: f64,
    /// How often each different value was drawn, where ranks are asked for.
    groups: Vec<u32>,
    /// The rank of each different value, from the mean.
    ranks: Vec<f64>,
}

impl Drawn {
    fn weigh(&mut self, counts: &[u8], is_constant: bool) {
        assert_eq!(self.deviations.len(), counts.len(), "a resample counts each observation");
        self.weighted.clear();
        self.weighted
            .extend(self.deviations.iter().zip(counts).map(|(value, &count)| value * f64::from(count)));
        self.squares = if is_constant { f64::NAN } else { dot(&self.weighted, &self.deviations) };
    }

    /// The product-moment correlation in the resample; NaN where it is undefined.
    pub fn correlation(&self, other: &Self) -> f64 {
        self.coefficient(other, dot(&self.weighted, &other.deviations))
    }

    fn coefficient(&self, other: &Self, product: f64) -> f64 {
        (product / (self.squares * other.squares).sqrt()).clamp(-1.0, 1.0)
    }

    /// The rank-biserial correlation of this sample, which has two values, with one of ranks, as
    /// [`crate::correlation::rank_biserial`] has it; NaN where it is undefined.
    pub fn rank_biserial(&self, ranks: &Self, counts: &[u8]) -> f64 {
        let largest = self.deviations.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut ones, mut all, mut sum) = (0.0, 0.0, 0.0);
        for ((value, rank), &count) in self.deviations.iter().zip(&ranks.weighted).zip(counts) {
            all += f64::from(count);
            if *value == largest {
                ones += f64::from(count);
                sum += rank;
            }
        }
        // Ranks count from their mean, so those of both groups add up to nothing: with n of n + m observations in the first one,
        // the mean ranks are (n + m) / (n m) times the sum apart, and that times 2 / (n + m) is the coefficient.
        if ranks.squares.is_nan() { f64::NAN } else { 2.0 * sum / (ones * (all - ones)) }
    }
}

/// How many observations a resample has drawn, each as often as it was.
fn total(counts: &[u8]) -> f64 {
    counts.iter().map(|&count| u64::from(count)).sum::<u64>() as f64
}

fn is_constant(values: &[f64], counts: &[u8]) -> bool {
    let mut drawn = values.iter().zip(counts).filter(|(_, count)| **count > 0).map(|(value, _)| value);
    drawn.next().is_none_or(|first| drawn.all(|value| value == first))
}

/// [`Drawn::correlation`] of several pairs of samples of one resample, given by their places: a part of the observations at a
/// time, which stays in the cache for all pairs.
///
/// # Panics
///
/// If a place is none, or if samples differ in length.
pub fn correlations(samples: &[Drawn], pairs: &[(usize, usize)]) -> Vec<f64> {
    const PART: usize = 512;
    let n = samples.first().map_or(0, |sample| sample.deviations.len());
    assert!(
        samples.iter().all(|sample| sample.deviations.len() == n),
        "samples of one length are correlated"
    );
    let mut sums = vec![[0.0; LANES]; pairs.len()];
    for start in (0..n).step_by(PART) {
        let part = start..n.min(start + PART);
        for (sums, &(a, b)) in sums.iter_mut().zip(pairs) {
            add_products(&samples[a].weighted[part.clone()], &samples[b].deviations[part.clone()], sums);
        }
    }
    let coefficient = |(sums, &(a, b)): (&[f64; LANES], &(usize, usize))| {
        samples[a].coefficient(&samples[b], sums.iter().sum())
    };
    sums.iter().zip(pairs).map(coefficient).collect()
}

/// Sums that are added to at once, which a processor does as fast as to one.
const LANES: usize = 8;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    add_products(a, b, &mut sums);
    sums.iter().sum()
}

fn add_products(a: &[f64], b: &[f64], sums: &mut [f64; LANES]) {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut local = *sums;
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in local.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    for (sum, (a, b)) in local.iter_mut().zip(rest_a.iter().zip(rest_b)) {
        *sum += a * b;
    }
    *sums = local;
}

/// The observations of a resample, one after another.
#[cfg(test)]
pub(crate) fn expand(values: &[f64], counts: &[u8]) -> Vec<f64> {
    values
        .iter()
        .zip(counts)
        .flat_map(|(&value, &count)| std::iter::repeat_n(value, count as usize))
        .collect()
}

/// Samples with many ties.
#[cfg(test)]
pub(crate) fn tied_samples<const N: usize>(n: usize, rng: &mut impl rand::Rng) -> [Vec<f64>; N] {
    use rand::RngExt;

    let width = rng.random_range(1..60_i32);
    let value = |value: i32| if value == 0 { -0.0 } else { f64::from(value) * 0.37 - 3.0 };
    std::array::from_fn(|_| (0..n).map(|_| value(rng.random_range(0..=width))).collect())
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::{Sample, correlations, expand, tied_samples};
    use crate::correlation::{pearson, spearman};
    use crate::draws::Draws;
    use crate::random::generator;

    #[test]
    fn a_resample_has_the_coefficient_of_its_values() {
        for round in 0..200 {
            let mut rng = generator(0, &["joint"], round);
            let n = rng.random_range(2..80_usize);
            let [a, b] = tied_samples(n, &mut rng);
            let draws = Draws::new(n, 5, round);
            for resample in 0..5 {
                let counts = draws.counts(resample);
                let (drawn_a, drawn_b) = (expand(&a, counts), expand(&b, counts));
                let found = Sample::ranks(&a).drawn(counts).correlation(&Sample::ranks(&b).drawn(counts));
                let expected = spearman(&drawn_a, &drawn_b).coefficient;
                let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
                assert!(same, "{round}: {found} {expected}");
                let found = Sample::values(&a).drawn(counts).correlation(&Sample::values(&b).drawn(counts));
                let expected = pearson(&drawn_a, &drawn_b).coefficient;
                let close = (found - expected).abs() < 1e-13 || found.is_nan() && expected.is_nan();
                assert!(close, "{round}: {found} {expected}");
            }
        }
    }

    #[test]
    fn many_pairs_at_once_are_those_pairs() {
        for n in [2, 7, 512, 1301] {
            let mut rng = generator(1, &["joint"], n);
            let samples: [Vec<f64>; 4] = tied_samples(n as usize, &mut rng);
            let draws = Draws::new(n as usize, 3, 5);
            for resample in 0..3 {
                let draw = |sample: &Vec<f64>| Sample::values(sample).drawn(draws.counts(resample));
                let drawn: Vec<_> = samples.iter().map(draw).collect();
                let pairs = [(0, 1), (3, 2), (1, 1)];
                for (found, (a, b)) in correlations(&drawn, &pairs).into_iter().zip(pairs) {
                    let expected = drawn[a].correlation(&drawn[b]);
                    assert!((found - expected).abs() < 1e-13 || found.is_nan() && expected.is_nan());
                }
            }
        }
        assert!(correlations(&[], &[]).is_empty());
    }

    /// P(x > y) - P(x < y) over all pairs of an observation with the greater value and one with the lesser.
    #[test]
    fn rank_biserial_counts_pairs() {
        let binary = [-1.0, 7.0, 7.0, -1.0, 7.0];
        let values = [3.0, 1.0, 4.0, 2.0, 2.0];
        // Of the six pairs 4 > 3, 4 > 2, 1 < 3, 1 < 2, 2 < 3, 2 = 2.
        let each = [1; 5];
        let found = |counts: &[u8]| {
            let (binary, ranks) =
                (Sample::values(&binary).drawn(counts), Sample::ranks(&values).drawn(counts));
            binary.rank_biserial(&ranks, counts)
        };
        assert!((found(&each) - (2.0 - 3.0) / 6.0).abs() < 1e-15);
        // Twice the 4, and the 3 not at all: 4 > 2 twice, 2 = 2.
        assert!((found(&[0, 0, 2, 1, 1]) - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!((found(&[0, 0, 2, 3, 0]), found(&[7, 1, 0, 0, 0])), (1.0, -1.0));
        assert!(found(&[0, 1, 1, 0, 1]).is_nan(), "one value only");
        assert!(found(&[2, 0, 0, 0, 0]).is_nan());
    }
}
