//! One bootstrap for everything that is measured on the same observations (Efron, Annals of Statistics 1979).
//!
//! Observations are drawn once, and every statistic is taken of the same draws: so the resampled means of several methods are
//! paired as the methods' values are, and whatever compares them (a difference, a rank, the share of resamples in which one is
//! ahead) has an interval too.

use std::ops::Range;

use rand::RngExt;
use rayon::prelude::*;

use crate::product::add_product;
use crate::random::generator;

/// Observations that are multiplied at once: few enough for their counts, as doubles, to stay in the cache.
const BLOCK: usize = 512;
/// Resamples that one thread takes at a time.
const RESAMPLES: usize = 125;

/// How often each of some observations is drawn in each of some resamples: with replacement, as many as there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    observations: usize,
    resamples: usize,
    /// Resample after resample. An observation that is drawn more than 255 times is less likely than 1 in 10^500.
    counts: Vec<u8>,
}

impl Draws {
    /// Draws from `observations`. The counts depend on the three numbers only, and resample `r` on no other resample.
    pub fn new(observations: usize, resamples: usize, seed: u64) -> Self {
        let mut counts = vec![0_u8; observations * resamples];
        let draw = |(resample, counts): (usize, &mut [u8])| {
            let mut rng = generator(seed, &["draws", &observations.to_string()], resample as u64);
            for _ in 0..observations {
                counts[rng.random_range(0..observations)] += 1;
            }
        };
        counts.par_chunks_mut(observations.max(1)).enumerate().for_each(draw);
        Self { observations, resamples, counts }
    }

    /// The number of resamples.
    pub fn resamples(&self) -> usize {
        self.resamples
    }

    /// How often a resample draws each observation.
    ///
    /// # Panics
    ///
    /// If there is no such resample.
    pub fn counts(&self, resample: usize) -> &[u8] {
        assert!(resample < self.resamples);
        &self.counts[resample * self.observations..][..self.observations]
    }

    /// The mean of each column in each resample. A column has a value for every observation; one that is not finite is none, and
    /// the mean is that of the others. NaN in a resample that draws no value.
    ///
    /// The values are rounded to a grid on which every sum is exact, the finest that there is: about as far as the errors of a plain
    /// sum may add up to. So a mean does not depend on the order of summation, on threads, on other columns or on the machine;
    /// means that are equal are equal to the last bit; and the mean of a constant is that constant.
    ///
    /// # Panics
    ///
    /// If a column is not as long as there are observations.
    pub fn means<C: AsRef<[f64]> + Sync>(&self, columns: &[C]) -> Vec<Vec<f64>> {
        let columns: Vec<&[f64]> = columns.iter().map(AsRef::as_ref).collect();
        assert!(columns.iter().all(|column| column.len() == self.observations));
        let mut terms: Vec<Term<'_>> = columns.par_iter().map(|values| Term::of_values(values)).collect();
        let sizes = sizes(&columns, &mut terms);
        let sums = self.sums(&terms);
        let mean = |column: usize, resample: usize| {
            let sums = &sums[resample * terms.len()..][..terms.len()];
            let size = sizes[column].map_or(self.observations as f64, |term| sums[term]);
            terms[column].mean(sums[column], size)
        };
        (0..columns.len())
            .into_par_iter()
            .map(|column| (0..self.resamples).map(|resample| mean(column, resample)).collect())
            .collect()
    }

    /// The sum of each term over each resample, resample after resample.
    fn sums(&self, terms: &[Term<'_>]) -> Vec<f64> {
        let (n, width) = (self.observations, terms.len());
        let mut sums = vec![0.0; self.resamples * width];
        if n == 0 || width == 0 {
            return sums;
        }
        let mut block = vec![0.0; width * BLOCK.min(n)];
        for start in (0..n).step_by(BLOCK) {
            let range = start..n.min(start + BLOCK);
            let length = range.len();
            let block = &mut block[..width * length];
            block.par_chunks_mut(length).zip(terms).for_each(|(out, term)| term.fill(range.clone(), out));
            let counts = self.counts.par_chunks(RESAMPLES * n);
            sums.par_chunks_mut(RESAMPLES * width).zip(counts).for_each(|(sums, counts)| {
                let mut drawn = vec![0.0; counts.len() / n * length];
                for (drawn, counts) in drawn.chunks_mut(length).zip(counts.chunks(n)) {
                    let counts = &counts[range.clone()];
                    drawn.iter_mut().zip(counts).for_each(|(drawn, &count)| *drawn = f64::from(count));
                }
                add_product(&drawn, block, length, sums);
            });
        }
        sums
    }
}

/// Where the number of drawn values is found among the terms, for each column that lacks some: columns that follow one another
/// and lack the same ones share a term.
fn sizes<'a>(columns: &[&'a [f64]], terms: &mut Vec<Term<'a>>) -> Vec<Option<usize>> {
    let mut last: Option<(&[f64], usize)> = None;
    let alike = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a.is_finite() == b.is_finite());
    let size = |values: &&'a [f64]| {
        if values.iter().all(|value| value.is_finite()) {
            return None;
        }
        if last.is_none_or(|(other, _)| !alike(other, values)) {
            last = Some((values, terms.len()));
            terms.push(Term { values, kind: Kind::Presence });
        }
        last.map(|(_, term)| term)
    };
    columns.iter().map(size).collect()
}

/// What is added up over the drawn observations: whole numbers, of which no sum is above 2^53.
struct Term<'a> {
    values: &'a [f64],
    kind: Kind,
}

enum Kind {
    /// The finite values times a power of two, rounded; a mean lies between the least and the greatest.
    Value { scale: f64, low: f64, high: f64 },
    /// 1 for each finite value.
    Presence,
}

impl<'a> Term<'a> {
    fn of_values(values: &'a [f64]) -> Self {
        let finite = values.iter().filter(|value| value.is_finite());
        let ends = |(low, high): (f64, f64), value: &f64| (low.min(*value), high.max(*value));
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        let scale = scale(values.len(), high.max(-low));
        Self { values, kind: Kind::Value { scale, low, high } }
    }

    fn fill(&self, range: Range<usize>, out: &mut [f64]) {
        let values = &self.values[range];
        match self.kind {
            Kind::Value { scale, .. } => {
                let term = |value: f64| if value.is_finite() { (value * scale).round() } else { 0.0 };
                out.iter_mut().zip(values).for_each(|(out, &value)| *out = term(value));
            }
            Kind::Presence => {
                out.iter_mut()
                    .zip(values)
                    .for_each(|(out, value)| *out = f64::from(u8::from(value.is_finite())));
            }
        }
    }

    /// The mean of `size` values of this sum.
    fn mean(&self, sum: f64, size: f64) -> f64 {
        match self.kind {
            Kind::Value { scale, low, high } if size > 0.0 => (sum / scale / size).clamp(low, high),
            _ => f64::NAN,
        }
    }
}

/// The greatest power of two that keeps `n` times `largest` times it within 2^53, as far as there is one.
fn scale(n: usize, largest: f64) -> f64 {
    let bits = i64::from(usize::BITS - n.leading_zeros());
    // largest < 2^exponent.
    let exponent = (largest.abs().to_bits() >> 52) as i64 - 1022;
    let power = (53 - bits - exponent).clamp(-1022, 1023);
    f64::from_bits(((power + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::{Draws, scale};
    use crate::interval::Interval;
    use crate::random::generator;
    use crate::resample::Bootstrap;
    use crate::summary::mean;

    const NAN: f64 = f64::NAN;

    fn sample(n: usize, draw: u64) -> Vec<f64> {
        let mut rng = generator(7, &["sample"], draw);
        (0..n).map(|_| rng.random::<f64>()).collect()
    }

    /// The means of the finite values that each resample draws, straight from the definition.
    fn slow(draws: &Draws, values: &[f64]) -> Vec<f64> {
        let drawn = |resample| {
            let counts = draws.counts(resample).iter().zip(values).filter(|(_, value)| value.is_finite());
            counts.flat_map(|(&count, &value)| std::iter::repeat_n(value, usize::from(count)))
        };
        (0..draws.resamples()).map(|resample| mean(&drawn(resample).collect::<Vec<_>>())).collect()
    }

    /// Published intervals were drawn with these numbers.
    #[test]
    fn draws_are_pinned() {
        let draws = Draws::new(10, 3, 0);
        assert_eq!(draws.counts(0), [0, 1, 1, 0, 1, 1, 1, 1, 4, 0]);
        assert_eq!(draws.counts(2), [0, 1, 2, 1, 1, 0, 3, 1, 0, 1]);
    }

    #[test]
    fn a_resample_is_as_large_as_the_sample() {
        let draws = Draws::new(300, 50, 4);
        for resample in 0..50 {
            assert_eq!(draws.counts(resample).iter().map(|&count| usize::from(count)).sum::<usize>(), 300);
        }
        assert_ne!(draws.counts(0), draws.counts(1));
        assert_ne!(draws, Draws::new(300, 50, 5));
        assert_eq!(draws.counts(7), Draws::new(300, 8, 4).counts(7));
    }

    /// Of n observations each is drawn once on average, with variance 1 - 1/n, and two have covariance -1/n.
    #[test]
    fn counts_are_multinomial() {
        let draws = &Draws::new(5, 40_000, 1);
        let column = |at: usize| (0..40_000).map(move |resample| f64::from(draws.counts(resample)[at]));
        for a in 0..5 {
            for b in 0..5 {
                let product: Vec<f64> =
                    column(a).zip(column(b)).map(|(a, b)| (a - 1.0) * (b - 1.0)).collect();
                let expected = if a == b { 0.8 } else { -0.2 };
                assert!((mean(&product) - expected).abs() < 0.03, "{a} {b}: {}", mean(&product));
            }
        }
    }

    #[test]
    fn means_are_those_of_what_is_drawn() {
        for n in [1, 2, 13, 511, 513, 1500] {
            let draws = Draws::new(n, 130, 3);
            let mut columns: Vec<Vec<f64>> = (0..7).map(|draw| sample(n, draw)).collect();
            columns[1].iter_mut().for_each(|value| *value = *value * 1e300 - 5e299);
            columns[2].iter_mut().for_each(|value| *value *= -1e-280);
            columns[3][n / 2] = NAN;
            columns[4] = columns[3].clone();
            columns[4][n / 2] = f64::INFINITY;
            columns[5].fill(NAN);
            for (column, found) in columns.iter().zip(draws.means(&columns)) {
                let size =
                    column.iter().copied().filter(|value| value.is_finite()).fold(0.0, |a, b| b.abs().max(a));
                for (found, expected) in found.into_iter().zip(slow(&draws, column)) {
                    let close = (found - expected).abs() <= n as f64 * f64::EPSILON * size;
                    assert!(close || found.is_nan() && expected.is_nan(), "{n}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn a_column_has_the_same_means_beside_any_others() {
        let draws = Draws::new(700, 200, 3);
        let mut columns: Vec<Vec<f64>> = (0..30).map(|draw| sample(700, draw)).collect();
        columns[9][3] = NAN;
        let all = draws.means(&columns);
        for at in [0, 1, 9, 17, 29] {
            assert_eq!(draws.means(&columns[at..=at])[0], all[at]);
        }
        let threads = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(threads.install(|| Draws::new(700, 200, 3).means(&columns)), all);
        columns.reverse();
        assert_eq!(draws.means(&columns).into_iter().rev().collect::<Vec<_>>(), all);
    }

    /// Sums on the grid are exact, and so are ties: of what is counted, of a constant, of equal columns.
    #[test]
    fn equal_means_are_equal_to_the_last_bit() {
        let draws = Draws::new(1100, 300, 0);
        let constant = draws.means(&[vec![0.4; 1100]]);
        assert!(constant[0].iter().all(|&mean| mean == 0.4));
        let hits: Vec<f64> = (0..1100_u32).map(|at| f64::from(at % 3 / 2) * 100.0).collect();
        for (resample, &found) in draws.means(&[&hits])[0].iter().enumerate() {
            let counts = draws.counts(resample).iter().zip(&hits);
            let count: u32 = counts.filter(|(_, hit)| **hit > 0.0).map(|(&count, _)| u32::from(count)).sum();
            assert_eq!(found, f64::from(count) * 100.0 / 1100.0);
        }
    }

    #[test]
    fn sums_fit_into_a_double() {
        for largest in [1.0, 0.1, 1.0 - f64::EPSILON / 2.0, 3e-310, 1e-100, 7e200, f64::MAX] {
            for n in [1, 2, 3, 255, 256, 50_000] {
                let sum = n as f64 * (largest * scale(n, largest));
                assert!(sum <= 2.0_f64.powi(53), "{n} {largest}");
                assert!(sum >= 2.0_f64.powi(51) || largest < 1e-290, "{n} {largest}");
            }
        }
        assert!(scale(3, 0.0).is_finite());
    }

    /// For the mean of many values the interval is nearly mean ± 1.96 standard errors.
    #[test]
    fn a_large_sample_agrees_with_the_normal_interval() {
        let values = sample(2000, 0);
        let centre = mean(&values);
        let squares: Vec<f64> = values.iter().map(|value| (value - centre).powi(2)).collect();
        let margin = 1.959_964 * (mean(&squares) / 2000.0).sqrt();
        let bootstrap = Bootstrap { resamples: 4000, level: 0.95 };
        let means = Draws::new(2000, 4000, 0).means(&[values]).remove(0);
        let Interval { low, high } = bootstrap.percentiles(means);
        assert!((low - (centre - margin)).abs() < 0.06 * margin, "{low} {centre} {margin}");
        assert!((high - (centre + margin)).abs() < 0.06 * margin, "{high} {centre} {margin}");
    }

    /// Of 95 % intervals of 100 values, 93 to 97 % hold what they are about: the mean, and the difference of the means of two
    /// methods on the same images.
    #[test]
    fn intervals_cover_what_they_should() {
        let (n, rounds) = (100, 2000);
        let bootstrap = Bootstrap { resamples: 1000, level: 0.95 };
        let (mut of_mean, mut of_difference) = (0, 0);
        for round in 0..rounds {
            let draws = Draws::new(n, 1000, round);
            let image = sample(n, 2 * round);
            let noise = sample(n, 2 * round + 1);
            // Means 0.5 and 0.75, and a correlation by the image.
            let other: Vec<f64> =
                image.iter().zip(&noise).map(|(image, noise)| (image + noise) / 2.0 + 0.25).collect();
            let means = draws.means(&[image, other]);
            let difference = means[0].iter().zip(&means[1]).map(|(a, b)| a - b).collect();
            let holds =
                |Interval { low, high }: Interval, value: f64| u32::from(low <= value && value <= high);
            of_difference += holds(bootstrap.percentiles(difference), -0.25);
            of_mean += holds(bootstrap.percentiles(means[0].clone()), 0.5);
        }
        for covered in [of_mean, of_difference] {
            let share = f64::from(covered) / rounds as f64;
            assert!((0.93..=0.97).contains(&share), "{share}");
        }
    }

    #[test]
    fn nothing_has_no_means() {
        assert_eq!(Draws::new(0, 5, 0).means(&[[0.0_f64; 0]]).len(), 1);
        assert!(Draws::new(0, 5, 0).means(&[[0.0_f64; 0]])[0].iter().all(|mean| mean.is_nan()));
        assert!(Draws::new(3, 0, 0).means(&[[1.0, 2.0, 3.0]])[0].is_empty());
        assert!(Draws::new(3, 5, 0).means::<[f64; 3]>(&[]).is_empty());
        assert!(Draws::new(1, 9, 0).means(&[[2.5]])[0].iter().all(|mean| *mean == 2.5));
    }
}
