//! How many pairs a test needs: the power of Wilcoxon's signed-rank test when pairs are drawn from those at hand, with
//! replacement (Collings and Hamilton, Biometrics 1988). More pairs than there are may be drawn: the sample then stands for
//! the population.

use rand::{Rng, RngExt};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::ranks;

/// A resample of pairs: the position of each that was drawn, and how often it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn(Vec<(u32, u32)>);

impl Drawn {
    /// Draws `size` of `pairs` pairs with replacement. A longer resample of the same generator begins with the shorter one.
    pub fn new(pairs: usize, size: usize, rng: &mut impl Rng) -> Self {
        let mut counts = vec![0; pairs];
        for _ in 0..size {
            counts[rng.random_range(0..pairs)] += 1;
        }
        Self::from_counts(&counts)
    }

    /// A resample that has each pair so often.
    pub fn from_counts(counts: &[u32]) -> Self {
        Self((0..).zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect())
    }
}

/// The differences of a paired sample, sorted once, for the signed-rank statistic of any resample of the pairs.
#[derive(Clone, Debug)]
pub struct Differences {
    /// Of each pair twice the place of its difference's size among all sizes, equal ones at one place, and 1 more if the
    /// difference is positive.
    keys: Vec<u32>,
    /// How many sizes there are.
    sizes: usize,
}

/// The key of a pair without a difference.
const NONE: u32 = u32::MAX;

impl Differences {
    /// The differences `a[i] - b[i]`. Pairs without a difference do not count, as in Wilcoxon's own test; nor do pairs with a
    /// NaN.
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub fn new(a: &[f64], b: &[f64]) -> Self {
        assert_eq!(a.len(), b.len(), "pairs need samples of one length");
        let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let magnitudes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
        let mut order = ranks::ascending(&magnitudes);
        order.retain(|&at| magnitudes[at] > 0.0);
        let (mut keys, mut sizes) = (vec![NONE; differences.len()], 0);
        for group in order.chunk_by(|&a, &b| magnitudes[a] == magnitudes[b]) {
            for &at in group {
                keys[at] = 2 * sizes + u32::from(differences[at] > 0.0);
            }
            sizes += 1;
        }
        Self { keys, sizes: sizes as usize }
    }

    /// The standardised signed-rank statistic of a resample: normal where the samples do not differ. Equal sizes share their
    /// mean rank, and lower the variance (Hollander and Wolfe, 1999, 3.1); there is no correction for continuity. NaN if no
    /// pair was drawn that differs.
    ///
    /// # Panics
    ///
    /// If the resample is of more pairs.
    pub fn z(&self, drawn: &Drawn) -> f64 {
        let (mut below, mut sum, mut ties) = (0.0, 0.0, 0.0);
        for [negative, positive] in self.tallies(drawn) {
            let all = f64::from(negative + positive);
            sum += f64::from(positive) * (below + f64::midpoint(all, 1.0));
            ties += all * (all * all - 1.0);
            below += all;
        }
        let n: f64 = below;
        let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
        (sum - n * (n + 1.0) / 4.0) / variance.sqrt()
    }

    /// How many negative and positive differences of each size a resample has, the smallest size first. Sizes that it has not
    /// may be left out.
    fn tallies(&self, Drawn(drawn): &Drawn) -> Vec<[u32; 2]> {
        let keyed =
            drawn.iter().map(|&(at, count)| (self.keys[at as usize], count)).filter(|(key, _)| *key != NONE);
        // To sort a few takes less time than to pass all.
        if drawn.len() < self.sizes / 8 {
            let mut keyed: Vec<(u32, u32)> = keyed.collect();
            keyed.sort_unstable();
            return keyed
                .chunk_by(|a, b| a.0 / 2 == b.0 / 2)
                .map(|group| tally(group.iter().copied()))
                .collect();
        }
        let mut tallies = vec![[0; 2]; self.sizes];
        for (key, count) in keyed {
            tallies[key as usize / 2][key as usize % 2] += count;
        }
        tallies
    }
}

fn tally(group: impl Iterator<Item = (u32, u32)>) -> [u32; 2] {
    group.fold([0; 2], |mut tally, (key, count)| {
        tally[key as usize % 2] += count;
        tally
    })
}

/// From which size on a standardised statistic is significant, both ways, at a confidence level as in 0.95.
pub fn critical(level: f64) -> f64 {
    Normal::standard().inverse_cdf(f64::midpoint(1.0, level))
}

/// The numbers of pairs to try where there are `pairs`: 10, 20, 50, 100 and so on, up to ten times as many.
pub fn sizes(pairs: usize) -> Vec<usize> {
    let decades = (1..).map(|exponent| 10_usize.saturating_pow(exponent));
    let sizes = decades.flat_map(|decade| [1, 2, 5].map(|step| decade.saturating_mul(step)));
    sizes.take_while(|&size| size <= pairs.saturating_mul(10).max(10)).collect()
}

/// The number of pairs that has a power: the first of the sizes tried, of (number, power) in rising order, that reaches it, or
/// where a straight line from the one before does, rounded up. NaN if none does.
pub fn needed(tried: &[(usize, f64)], power: f64) -> f64 {
    let Some(first) = tried.iter().position(|(_, found)| *found >= power) else { return f64::NAN };
    let (size, found) = (tried[first].0 as f64, tried[first].1);
    let Some(before) = first.checked_sub(1).map(|before| tried[before]) else { return size };
    let (start, lacking) = (before.0 as f64, before.1);
    (start + (size - start) * (power - lacking) / (found - lacking)).ceil()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use statrs::function::erf::erfc;

    use super::{Differences, Drawn, critical, needed, sizes};
    use crate::random::generator;
    use crate::signed::wilcoxon;

    /// The heights of Darwin's Zea mays (Fisher, 1935), in eighths of an inch: W+ = 96 of 120.
    const DARWIN: [f64; 15] =
        [49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0, -48.0];

    fn z(differences: &[f64], counts: &[u32]) -> f64 {
        Differences::new(differences, &vec![0.0; differences.len()]).z(&Drawn::from_counts(counts))
    }

    #[test]
    fn a_sample_drawn_once_has_its_own_statistic() {
        let expected = (96.0 - 60.0) / (15.0 * 16.0 * 31.0 / 24.0_f64).sqrt();
        assert!((z(&DARWIN, &[1; 15]) - expected).abs() < 1e-15);
        assert_eq!(z(&DARWIN.map(|value| -value), &[1; 15]), -z(&DARWIN, &[1; 15]));
    }

    #[test]
    fn counts_are_copies() {
        let (values, drawn) = ([1.0, -2.0, 2.0, 0.0, 5.0, -1.0], [2, 0, 3, 4, 1, 1]);
        let copies: Vec<f64> =
            values.iter().zip(drawn).flat_map(|(value, count)| vec![*value; count as usize]).collect();
        assert_eq!(z(&values, &drawn), z(&copies, &vec![1; copies.len()]));
        // Seven differ: ranks 2, 2, -2, 5, 5, 5, 7; two groups of three.
        let variance = 7.0 * 8.0 * 15.0 / 24.0 - 2.0 * 24.0 / 48.0;
        assert!((z(&values, &drawn) - (26.0 - 14.0) / f64::sqrt(variance)).abs() < 1e-15);
    }

    /// The test itself takes the normal approximation above 50 differences. Resamples are larger than the sample, or so much
    /// smaller that they are sorted.
    #[test]
    fn resamples_have_the_p_value_of_their_values() {
        for round in 0..60 {
            let mut rng = generator(0, &["power"], round);
            let (pairs, range) = if round % 2 == 0 { (40, -6..9) } else { (3000, -1000..1900_i32) };
            let values: Vec<f64> = (0..pairs).map(|_| f64::from(rng.random_range(range.clone()))).collect();
            let drawn = Drawn::new(pairs, 120, &mut rng);
            let copy = |&(at, count): &(u32, u32)| vec![values[at as usize]; count as usize];
            let copies: Vec<f64> = drawn.0.iter().flat_map(copy).collect();
            let expected = wilcoxon(&copies, &[0.0; 120]).p_value;
            let found = erfc(Differences::new(&values, &vec![0.0; pairs]).z(&drawn).abs() / f64::sqrt(2.0));
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn nothing_that_differs_has_no_statistic() {
        assert!(z(&[0.0, 3.0], &[5, 0]).is_nan());
        assert!(z(&[], &[]).is_nan());
        assert_eq!(z(&[f64::NAN, 3.0, 1.0], &[1, 1, 1]), z(&[3.0, 1.0], &[1, 1]));
    }

    #[test]
    fn a_longer_resample_begins_with_the_shorter_one() {
        let drawn = |size| Drawn::new(7, size, &mut generator(1, &[], 0)).0;
        let count = |drawn: &[(u32, u32)]| drawn.iter().map(|(_, count)| count).sum::<u32>();
        let (short, long) = (drawn(20), drawn(30));
        assert!(short.iter().all(|(at, few)| long.iter().any(|(other, many)| at == other && few <= many)));
        assert_eq!((count(&short), count(&long)), (20, 30));
        assert!((critical(0.95) - 1.959_963_984_540_054).abs() < 1e-12);
    }

    #[test]
    fn sizes_go_on_behind_the_sample() {
        assert_eq!(sizes(12), [10, 20, 50, 100]);
        assert_eq!(sizes(1), [10]);
        assert_eq!(sizes(0), [10]);
        assert_eq!(sizes(1000).last(), Some(&10_000));
    }

    #[test]
    fn what_is_needed_lies_between_two_sizes() {
        let tried = [(10, 0.2), (20, 0.6), (50, 0.9), (100, 0.99)];
        assert_eq!(needed(&tried, 0.8), 40.0);
        assert_eq!(needed(&tried, 0.6), 20.0);
        assert_eq!(needed(&tried, 0.75), 35.0);
        assert_eq!(needed(&tried, 0.1), 10.0);
        assert!(needed(&tried, 0.999).is_nan());
        assert!(needed(&[], 0.8).is_nan());
    }
}
