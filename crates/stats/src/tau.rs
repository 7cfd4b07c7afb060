//! Kendall's tau-b of any resample: pairs are sorted once, and a resample only counts.

use crate::groups::{self, Groups};
use crate::kendall::{self, pairs_among};

/// Pairs without NaN in the order of their first values, equal ones in that of their second values.
#[derive(Clone, Debug)]
pub struct Tau {
    a: Groups,
    b: Groups,
    /// Positions of the pairs in order.
    order: Vec<u32>,
}

impl Tau {
    /// Pairs `a[i]` with `b[i]`; there must be no NaN.
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub fn new(a: &[f64], b: &[f64]) -> Self {
        assert_eq!(a.len(), b.len(), "samples of different length cannot be paired");
        let (a, b) = (Groups::new(a), Groups::new(b));
        let mut order: Vec<u32> = (0..a.of.len() as u32).collect();
        order.sort_unstable_by_key(|&at| (a.of[at as usize], b.of[at as usize]));
        Self { a, b, order }
    }

    /// tau-b of a resample, given how often it has drawn each pair; NaN where it is undefined. The bits are those of
    /// [`crate::correlation::kendall`].
    pub fn of(&self, counts: &[u8]) -> f64 {
        let all = counts.iter().map(|&count| u64::from(count)).sum::<u64>();
        let (a, b) = (self.a.drawn(counts), self.b.drawn(counts));
        let (discordant, tied_in_both) = self.walk(counts);
        kendall::tau(pairs_among(all as usize), groups::ties(&a), groups::ties(&b), tied_in_both, discordant)
    }

    /// Pairs of pairs that are in opposite orders, and those that are equal.
    fn walk(&self, counts: &[u8]) -> (f64, f64) {
        let Self { a, b, order } = self;
        let (group_a, group_b) = (|&at: &u32| a.of[at as usize], |&at: &u32| b.of[at as usize]);
        let count = |at: &u32| u64::from(counts[*at as usize]);
        let mut passed = Sums(vec![0; b.len]);
        let (mut discordant, mut tied, mut before) = (0, 0.0, 0);
        for same_a in order.chunk_by(|x, y| group_a(x) == group_a(y)) {
            let counted = same_a.iter().filter(|at| count(at) > 0);
            discordant += counted.map(|at| count(at) * (before - passed.up_to(group_b(at)))).sum::<u64>();
            for at in same_a {
                passed.add(group_b(at), count(at));
                before += count(at);
            }
            let same = same_a.chunk_by(|x, y| group_b(x) == group_b(y));
            tied += same.map(|same| pairs_among(same.iter().map(count).sum::<u64>() as usize)).sum::<f64>();
        }
        (discordant as f64, tied)
    }
}

/// Counts whose sums from the first on take log n steps (Fenwick, 1994).
struct Sums(Vec<u64>);

impl Sums {
    fn add(&mut self, at: u32, count: u64) {
        let mut node = at as usize + 1;
        while node <= self.0.len() {
            self.0[node - 1] += count;
            node += node & node.wrapping_neg();
        }
    }

    /// The sum of the counts up to this one.
    fn up_to(&self, at: u32) -> u64 {
        let (mut node, mut sum) = (at as usize + 1, 0);
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

    use super::Tau;
    use crate::correlation::kendall;
    use crate::draws::Draws;
    use crate::joint::{expand, tied_samples};
    use crate::random::generator;

    #[test]
    fn a_resample_has_the_tau_of_its_values_to_the_last_bit() {
        for round in 0..200 {
            let mut rng = generator(0, &["tau"], round);
            let n = rng.random_range(2..80_usize);
            let [a, b] = tied_samples(n, &mut rng);
            let pairs = Tau::new(&a, &b);
            let draws = Draws::new(n, 5, round);
            for resample in 0..5 {
                let counts = draws.counts(resample);
                let expected = kendall(&expand(&a, counts), &expand(&b, counts)).coefficient;
                let found = pairs.of(counts);
                let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
                assert!(same, "{round}: {found} {expected}");
            }
        }
    }
}
