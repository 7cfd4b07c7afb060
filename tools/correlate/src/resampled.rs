//! The coefficients of a block in resamples of the images, which all pairs share.

use std::collections::BTreeSet;

use rayon::prelude::*;
use stats::draws::Draws;
use stats::joint::{self, Drawn, Sample};
use stats::tau::Tau;

use crate::block::{Block, Key, Pair};
use crate::coefficient::{Form, Kind};

/// A block whose values are sorted, once for all resamples.
pub struct Resampled<'a> {
    block: &'a Block<'a>,
    keys: Vec<Key>,
    /// Of each key.
    samples: Vec<Sample>,
    /// The plain correlations that coefficients are made of, as places of keys, sorted.
    products: Vec<(usize, usize)>,
    /// By pair, for Kendall's coefficient.
    taus: Vec<Option<Tau>>,
}

impl<'a> Resampled<'a> {
    /// Sorts a block's values.
    pub fn new(block: &'a Block<'a>) -> Self {
        let sample = |form: Form, values: &[f64]| match form {
            Form::Values => Sample::values(values),
            Form::Ranks => Sample::ranks(values),
        };
        let (keys, samples) = block.prepare(sample).into_iter().unzip();
        let tau = |pair: &Pair| {
            (pair.kind == Kind::Kendall).then(|| Tau::new(&block.values(pair.a), &block.values(pair.b)))
        };
        let taus = block.pairs.par_iter().map(tau).collect();
        let mut sorted = Self { block, keys, samples, products: Vec::new(), taus };
        let products: BTreeSet<_> = block.pairs.iter().flat_map(|pair| sorted.products(pair)).collect();
        sorted.products = products.into_iter().collect();
        sorted
    }

    /// The coefficient of every pair in every resample of the columns' images, resample by resample.
    pub fn coefficients(&self, draws: &Draws) -> Vec<Vec<f64>> {
        let of = |drawn: &mut Vec<Drawn>, resample: usize| {
            let counts = draws.counts(resample);
            let counts: Vec<u8> = self.block.positions.iter().map(|&at| counts[at]).collect();
            self.resample(&counts, drawn)
        };
        let memory = || vec![Drawn::default(); self.samples.len()];
        (0..draws.resamples()).into_par_iter().map_init(memory, of).collect()
    }

    fn resample(&self, counts: &[u8], drawn: &mut [Drawn]) -> Vec<f64> {
        for (sample, drawn) in self.samples.iter().zip(&mut *drawn) {
            sample.draw(counts, drawn);
        }
        let correlations = joint::correlations(drawn, &self.products);
        let of = |(pair, tau): (&Pair, &Option<Tau>)| {
            let r = |a: usize, b: usize| {
                let product = self.products.binary_search(&(self.place(pair, a), self.place(pair, b)));
                product.map_or(f64::NAN, |product| correlations[product])
            };
            match tau {
                Some(tau) => tau.of(counts),
                None if pair.kind == Kind::RankBiserial => {
                    let (binary, other) = self.block.binary_first(pair);
                    drawn[self.place(pair, binary)].rank_biserial(&drawn[self.place(pair, other)], counts)
                }
                None if pair.given.is_some() => pair.partial(r),
                None => r(pair.a, pair.b),
            }
        };
        self.block.pairs.iter().zip(&self.taus).map(of).collect()
    }

    /// The plain correlations of a pair.
    fn products(&self, pair: &Pair) -> Vec<(usize, usize)> {
        let metrics = match (pair.kind, pair.given) {
            (Kind::Kendall | Kind::RankBiserial, _) => Vec::new(),
            (_, Some(given)) => vec![(pair.a, pair.b), (pair.a, given), (pair.b, given)],
            (_, None) => vec![(pair.a, pair.b)],
        };
        metrics.into_iter().map(|(a, b)| (self.place(pair, a), self.place(pair, b))).collect()
    }

    /// Where a metric stands among the keys, in the form that a pair takes.
    fn place(&self, pair: &Pair, metric: usize) -> usize {
        let key = self.block.key(pair, metric);
        self.keys.partition_point(|other| *other < key)
    }
}
