//! How far many rankings of the same items agree, in any resample of the rankings.
//!
//! A resample draws some rankings twice, and a ranking agrees with itself. Copies are not compared: otherwise the agreement of
//! a resample would lie above that of the sample by about one part in the number of rankings, and so would its interval.

use crate::ranks;

/// Rankings of items. `counts` says how often a resample has drawn each ranking, as [`crate::draws::Draws`] has it.
#[derive(Clone, Debug)]
pub struct Rankings {
    items: usize,
    /// Twice each rank, ranking after ranking: ranks are halves.
    doubled: Vec<u32>,
}

/// How much of a resample there is.
struct Size {
    /// The number of rankings, each as often as it was drawn.
    n: f64,
    /// Ordered pairs of rankings.
    pairs: f64,
    /// Those that are no copies of one another.
    distinct: f64,
}

impl Size {
    fn of(counts: &[u8]) -> Self {
        let n: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        let copies: u64 = counts.iter().map(|&count| u64::from(count).pow(2)).sum();
        let (n, copies) = (n as f64, copies as f64);
        Self { n, pairs: n * n - n, distinct: n * n - copies }
    }

    /// A sum over distinct pairs, as of as many as there are pairs; NaN without one.
    fn scale(&self, sum: f64) -> f64 {
        if self.distinct > 0.0 { sum * self.pairs / self.distinct } else { f64::NAN }
    }
}

impl Rankings {
    /// No ranking yet of some items.
    pub fn new(items: usize) -> Self {
        Self { items, doubled: Vec::new() }
    }

    /// Adds the ranks of the items' values, none of them NaN; equal ones share the mean of theirs.
    ///
    /// # Panics
    ///
    /// If there are not as many values as items.
    pub fn add(&mut self, values: &[f64]) {
        assert_eq!(values.len(), self.items, "a ranking has all items");
        self.doubled.extend(ranks::average(values).iter().map(|rank| (2.0 * rank) as u32));
    }

    /// The number of rankings.
    pub fn len(&self) -> usize {
        self.doubled.len().checked_div(self.items).unwrap_or(0)
    }

    /// Whether there is no ranking.
    pub fn is_empty(&self) -> bool {
        self.doubled.is_empty()
    }

    /// Kendall's coefficient of concordance W, corrected for ties (Rank Correlation Methods, 1970, chapter 6): 1 if all rankings
    /// are equal. NaN for fewer than two rankings or items, or where every ranking ties all items.
    pub fn kendall_w(&self, counts: &[u8]) -> f64 {
        let size = Size::of(counts);
        let (mut sums, mut spread, mut copies) = (vec![0_i64; self.items], 0_i64, 0_i64);
        for (ranking, &count) in self.doubled.chunks_exact(self.items.max(1)).zip(counts) {
            let mut squares = 0;
            for (sum, &doubled) in sums.iter_mut().zip(ranking) {
                let deviation = i64::from(doubled) - (self.items as i64 + 1);
                *sum += deviation * i64::from(count);
                squares += deviation * deviation;
            }
            spread += squares * i64::from(count);
            copies += squares * i64::from(count).pow(2);
        }
        if spread == 0 {
            return f64::NAN;
        }
        let (spread, copies) = (spread as f64, copies as f64);
        let between: f64 = sums.iter().map(|&sum| (sum as f64).powi(2)).sum();
        // W is the square of the summed deviations over its greatest value; that square is of each ranking with itself,
        // and of each with every other.
        let w = (spread + size.scale(between - copies)) / (size.n * spread);
        // Without copies it may fall below what a square can be.
        if w < 0.0 { 0.0 } else { w }
    }

    /// Krippendorff's alpha of the ranks, on an ordinal scale, the rankings being the raters and the items the units (Content
    /// Analysis, 4th edition, chapter 12): 1 if all rankings are equal, 0 if they might as well have been drawn by lot. NaN for
    /// fewer than two rankings, or where all ranks are equal.
    pub fn alpha(&self, counts: &[u8]) -> f64 {
        let size = Size::of(counts);
        // A level is a rank; how often each item has each, and how often there is each at all.
        let levels = 2 * self.items;
        let mut of_item = vec![0_u64; self.items * levels];
        for (ranking, &count) in self.doubled.chunks_exact(self.items.max(1)).zip(counts) {
            for (item, &doubled) in ranking.iter().enumerate() {
                of_item[item * levels + doubled as usize - 1] += u64::from(count);
            }
        }
        let all: Vec<u64> =
            (0..levels).map(|level| of_item.iter().skip(level).step_by(levels).sum()).collect();
        let places = places(&all);
        let disagreement = |counts: &[u64]| {
            let sum = |power| -> f64 {
                let term = |(count, place): (&u64, &f64)| *count as f64 * place.powi(power);
                counts.iter().zip(&places).map(term).sum()
            };
            let n = sum(0);
            (n * sum(2) - sum(1).powi(2)) / (n - 1.0)
        };
        let observed: f64 = of_item.chunks_exact(levels.max(1)).map(disagreement).sum();
        let expected = disagreement(&all);
        if expected > 0.0 { 1.0 - size.scale(observed) / expected } else { f64::NAN }
    }
}

/// Where each level lies among all ratings: two are as far apart, on an ordinal scale, as there are ratings between them, their
/// own counting half.
fn places(all: &[u64]) -> Vec<f64> {
    let middle = all.iter().sum::<u64>() as f64 / 2.0;
    let mut before = 0;
    let place = |&count: &u64| {
        let start = before;
        before += count;
        (start + before) as f64 / 2.0 - middle
    };
    all.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use serde_json::Value;

    use super::Rankings;
    use crate::draws::Draws;
    use crate::random::generator;
    use crate::resample::Bootstrap;

    fn of(rankings: &[&[f64]]) -> Rankings {
        let mut all = Rankings::new(rankings[0].len());
        for values in rankings {
            all.add(values);
        }
        all
    }

    fn close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-12 || found.is_nan() && expected.is_nan(),
            "{found} {expected}"
        );
    }

    /// Rank sums 4, 6, 8 of three rankings: W = 12 · 8 / (9 · 24). Without ties, alpha is of squared differences of ranks.
    #[test]
    fn three_by_three_by_hand() {
        let rankings = of(&[&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0], &[2.0, 1.0, 3.0]]);
        close(rankings.kendall_w(&[1; 3]), 4.0 / 9.0);
        // Within items: 1 1 2 -> 0 1 1; 2 3 1 -> 1 1 4; 3 2 3 -> 1 1 0: 10 over two. Among nine ratings, three of each rank:
        // 9 · (1 + 1 + 4) = 54 over eight.
        close(rankings.alpha(&[1; 3]), 1.0 - (10.0 / 2.0) / (54.0 / 8.0));
    }

    #[test]
    fn equal_rankings_agree_and_ties_of_all_tell_nothing() {
        let equal = of(&[&[1.0, 5.0, 3.0, 3.0][..]; 6]);
        close(equal.kendall_w(&[1; 6]), 1.0);
        close(equal.alpha(&[1; 6]), 1.0);
        let tied = of(&[&[2.0; 3][..]; 4]);
        assert!(tied.kendall_w(&[1; 4]).is_nan() && tied.alpha(&[1; 4]).is_nan());
        let one = of(&[&[1.0, 2.0]]);
        assert!(one.kendall_w(&[1]).is_nan() && one.alpha(&[1]).is_nan());
        let none = Rankings::new(3);
        assert!(none.is_empty() && none.kendall_w(&[]).is_nan() && none.alpha(&[]).is_nan());
        assert!(Rankings::new(0).alpha(&[]).is_nan() && Rankings::new(0).kendall_w(&[]).is_nan());
    }

    /// A resample without copies is a sample; with copies, they are not compared with one another.
    #[test]
    fn copies_are_not_compared() {
        let rows: [&[f64]; 4] = [&[1.0, 2.0, 3.0], &[2.0, 1.0, 3.0], &[3.0, 1.0, 2.0], &[1.0, 1.0, 2.0]];
        let all = of(&rows);
        close(all.alpha(&[1, 0, 1, 1]), of(&[rows[0], rows[2], rows[3]]).alpha(&[1; 3]));
        close(all.kendall_w(&[1, 0, 1, 1]), of(&[rows[0], rows[2], rows[3]]).kendall_w(&[1; 3]));
        // Two equal rankings and another one, of which only pairs of two different ones count.
        close(all.kendall_w(&[2, 1, 0, 0]) * 3.0, 1.0 + 2.0 * (all.kendall_w(&[1, 1, 0, 0]) * 2.0 - 1.0));
        assert!(all.alpha(&[4, 0, 0, 0]).is_nan() && all.kendall_w(&[0, 4, 0, 0]).is_nan());
    }

    /// From the packages krippendorff and pingouin's formula in NumPy; `testdata/stats/generate_agreement.py` made them.
    #[test]
    fn agreement_is_that_of_krippendorff() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/stats/agreement.json");
        let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(cases.len() > 5);
        for case in cases {
            let rows: Vec<Vec<f64>> = serde_json::from_value(case["values"].clone()).unwrap();
            let rankings = of(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let each = vec![1; rows.len()];
            close(rankings.alpha(&each), case["alpha"].as_f64().unwrap());
            close(rankings.kendall_w(&each), case["w"].as_f64().unwrap());
        }
    }

    /// Of 95 % intervals from 100 images 93 to 97 % hold the agreement of all images.
    #[test]
    fn intervals_cover_what_they_should() {
        let mut rng = generator(0, &["rankings"], 0);
        let mut sample = |n: usize| {
            let mut rankings = Rankings::new(6);
            for _ in 0..n {
                let mut value = |item: u32| f64::from(item) * 0.12 + rng.random::<f64>();
                rankings.add(&(0..6).map(&mut value).collect::<Vec<_>>());
            }
            rankings
        };
        // W of n images has a part in n that is there without any agreement; alpha has not.
        let whole = sample(100_000);
        let truth = whole.alpha(&vec![1; 100_000]);
        let bootstrap = Bootstrap { resamples: 400, level: 0.95 };
        let rounds = 1000;
        let holds = |round: u64| {
            let (rankings, draws) = (sample(100), Draws::new(100, 400, round));
            let values = (0..400).map(|resample| rankings.alpha(draws.counts(resample))).collect();
            let interval = bootstrap.percentiles(values);
            u32::from(interval.low <= truth && truth <= interval.high)
        };
        let share = f64::from((0..rounds).map(holds).sum::<u32>()) / rounds as f64;
        assert!((0.93..=0.97).contains(&share), "{share}");
    }
}
