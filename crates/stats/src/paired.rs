//! The coefficient of any resample of two paired samples. What must be sorted is sorted once: a resample only counts how often
//! it has drawn each value. The numbers are those of [`crate::correlation`], bit by bit: ranks are whole or half numbers, and
//! pairs of pairs are counted, so that no order of summation is another one.

use crate::correlation::{complete, product_moment};
use crate::kendall::{self, pairs_among};
use crate::ranks;

/// Which coefficient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coefficient {
    /// Of the values.
    Pearson,
    /// Of the ranks.
    Spearman,
    /// tau-b: of the order within each pair of pairs.
    Kendall,
}

/// Two paired samples without NaN, ready for the coefficient of any resample of the pairs.
#[derive(Clone, Debug)]
pub struct Paired {
    n: usize,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Pearson(Vec<f64>, Vec<f64>),
    Spearman(Groups, Groups),
    Kendall(Sorted),
}

impl Paired {
    /// Pairs `a[i]` with `b[i]`, without the pairs that have a NaN.
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub fn new(coefficient: Coefficient, a: &[f64], b: &[f64]) -> Self {
        let (a, b) = complete(a, b);
        let n = a.len();
        let kind = match coefficient {
            Coefficient::Pearson => Kind::Pearson(a, b),
            Coefficient::Spearman => Kind::Spearman(Groups::new(&a), Groups::new(&b)),
            Coefficient::Kendall => Kind::Kendall(Sorted::new(&a, &b)),
        };
        Self { n, kind }
    }

    /// The number of pairs.
    pub fn pairs(&self) -> usize {
        self.n
    }

    /// The coefficient of the pairs at these positions, each as often as it was drawn; NaN where it is undefined.
    ///
    /// # Panics
    ///
    /// If a position is none.
    pub fn of(&mut self, drawn: &[usize]) -> f64 {
        match &mut self.kind {
            Kind::Pearson(a, b) => {
                let pick = |values: &[f64]| drawn.iter().map(|&at| values[at]).collect::<Vec<f64>>();
                product_moment(&pick(a), &pick(b))
            }
            Kind::Spearman(a, b) => product_moment(&a.ranks(drawn), &b.ranks(drawn)),
            Kind::Kendall(sorted) => sorted.tau(drawn),
        }
    }
}

/// A sample by its different values, numbered from the least.
#[derive(Clone, Debug)]
struct Groups {
    /// The number of each observation's value.
    of: Vec<usize>,
    /// How often a resample has drawn each value.
    drawn: Vec<usize>,
}

impl Groups {
    fn new(values: &[f64]) -> Self {
        let (mut of, mut last, mut groups) = (vec![0; values.len()], None, 0);
        for at in ranks::ascending(values) {
            groups += usize::from(last.is_some_and(|last| last != values[at]));
            last = Some(values[at]);
            of[at] = groups;
        }
        Self { of, drawn: vec![0; groups + 1] }
    }

    fn count(&mut self, drawn: &[usize]) {
        self.drawn.fill(0);
        for &at in drawn {
            self.drawn[self.of[at]] += 1;
        }
    }

    /// The average ranks of a resample, as [`ranks::average`] gives them.
    fn ranks(&mut self, drawn: &[usize]) -> Vec<f64> {
        self.count(drawn);
        let rank = |before: &mut usize, &count: &usize| {
            let start = *before;
            *before += count;
            Some((start + 1 + *before) as f64 / 2.0)
        };
        let ranks: Vec<f64> = self.drawn.iter().scan(0, rank).collect();
        drawn.iter().map(|&at| ranks[self.of[at]]).collect()
    }

    /// Pairs of equal values in the resample that was counted last.
    fn ties(&self) -> f64 {
        self.drawn.iter().map(|&count| pairs_among(count)).sum()
    }
}

/// Pairs in the order of their first values, equal ones in that of their second values.
#[derive(Clone, Debug)]
struct Sorted {
    a: Groups,
    b: Groups,
    /// Positions of the pairs in order.
    order: Vec<usize>,
    /// How often a resample has drawn each pair, by its place in the order.
    drawn: Vec<usize>,
    /// The place of each pair in the order.
    place: Vec<usize>,
    /// How often each second value stands among the pairs passed so far, as a tree of sums.
    passed: Sums,
}

impl Sorted {
    fn new(a: &[f64], b: &[f64]) -> Self {
        let (a, b) = (Groups::new(a), Groups::new(b));
        let mut order: Vec<usize> = (0..a.of.len()).collect();
        order.sort_unstable_by_key(|&at| (a.of[at], b.of[at]));
        let mut place = vec![0; order.len()];
        for (at, &pair) in order.iter().enumerate() {
            place[pair] = at;
        }
        let (drawn, passed) = (vec![0; order.len()], Sums(vec![0; b.drawn.len()]));
        Self { a, b, order, drawn, place, passed }
    }

    fn tau(&mut self, drawn: &[usize]) -> f64 {
        self.a.count(drawn);
        self.b.count(drawn);
        self.drawn.fill(0);
        for &at in drawn {
            self.drawn[self.place[at]] += 1;
        }
        let (discordant, tied_in_both) = self.walk();
        kendall::tau(pairs_among(drawn.len()), self.a.ties(), self.b.ties(), tied_in_both, discordant)
    }

    /// Pairs of pairs that are in opposite orders, and those that are equal.
    fn walk(&mut self) -> (f64, f64) {
        let Self { a, b, order, drawn, passed, .. } = self;
        passed.0.fill(0);
        let (mut discordant, mut tied, mut before) = (0, 0.0, 0);
        let mut places = 0..0;
        while places.end < order.len() {
            let group = a.of[order[places.end]];
            let size = order[places.end..].iter().take_while(|&&at| a.of[at] == group).count();
            places = places.end..places.end + size;
            for place in places.clone() {
                discordant += drawn[place] * (before - passed.up_to(b.of[order[place]]));
            }
            for place in places.clone() {
                passed.add(b.of[order[place]], drawn[place]);
                before += drawn[place];
            }
            let equal = |&x: &usize, &y: &usize| b.of[order[x]] == b.of[order[y]];
            let places: Vec<usize> = places.clone().collect();
            tied += places
                .chunk_by(equal)
                .map(|places| pairs_among(places.iter().map(|&place| drawn[place]).sum()))
                .sum::<f64>();
        }
        (discordant as f64, tied)
    }
}

/// Counts whose sums from the first on take log n steps (Fenwick, 1994).
#[derive(Clone, Debug)]
struct Sums(Vec<usize>);

impl Sums {
    fn add(&mut self, at: usize, count: usize) {
        let mut node = at + 1;
        while node <= self.0.len() {
            self.0[node - 1] += count;
            node += node & node.wrapping_neg();
        }
    }

    /// The sum of the counts up to this one.
    fn up_to(&self, at: usize) -> usize {
        let (mut node, mut sum) = (at + 1, 0);
        while node > 0 {
            sum += self.0[node - 1];
            node &= node - 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::{Coefficient, Paired};
    use crate::correlation::{kendall, pearson, spearman};
    use crate::random::generator;

    /// Samples with many ties and some NaN, and resamples of them.
    #[test]
    fn a_resample_has_the_coefficient_of_its_values_to_the_last_bit() {
        for round in 0..200 {
            let mut rng = generator(0, &["paired"], round);
            let n = rng.random_range(2..80_usize);
            let width = rng.random_range(1..60_i32);
            let mut sample = || -> Vec<f64> {
                let value = |value: i32| if value == 0 { -0.0 } else { f64::from(value) * 0.37 - 3.0 };
                (0..n).map(|_| value(rng.random_range(0..=width))).collect()
            };
            let (a, b) = (sample(), sample());
            let mut with_nan = (a.clone(), b.clone());
            with_nan.0.insert(n / 2, f64::NAN);
            with_nan.1.insert(n / 2, 1.0);
            for (coefficient, of) in [
                (Coefficient::Pearson, pearson as fn(&[f64], &[f64]) -> _),
                (Coefficient::Spearman, spearman),
                (Coefficient::Kendall, kendall),
            ] {
                let mut paired = Paired::new(coefficient, &with_nan.0, &with_nan.1);
                assert_eq!(paired.pairs(), n);
                for _ in 0..5 {
                    let drawn: Vec<usize> = (0..n).map(|_| rng.random_range(0..n)).collect();
                    let pick = |values: &[f64]| drawn.iter().map(|&at| values[at]).collect::<Vec<f64>>();
                    let expected = of(&pick(&a), &pick(&b)).coefficient;
                    let found = paired.of(&drawn);
                    let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
                    assert!(same, "{round}, {coefficient:?}: {found} {expected}");
                }
            }
        }
    }
}
