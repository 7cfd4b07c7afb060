//! Pairs of metrics that have numbers for the same images: each metric is ranked once for all of them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use stats::centred::Centred;
use stats::correlation::{self, Correlation};

use crate::coefficient::{Form, Kind};
use crate::columns::Columns;

/// Two metrics, by their places among the columns, and what is asked of them.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// The first metric.
    pub a: usize,
    /// The second metric.
    pub b: usize,
    /// The metric whose effect is taken out.
    pub given: Option<usize>,
    /// The coefficient.
    pub kind: Kind,
}

impl Pair {
    /// All metrics that it needs.
    pub fn metrics(&self) -> impl Iterator<Item = usize> {
        [self.a, self.b].into_iter().chain(self.given)
    }
}

/// A metric in the form that a coefficient takes.
pub type Key = (usize, Form);

/// Pairs over the same images.
pub struct Block<'a> {
    pub columns: &'a Columns<'a>,
    /// The images, by their positions in the columns.
    pub positions: &'a [usize],
    pub pairs: &'a [Pair],
}

impl<'a> Block<'a> {
    /// Some pairs of columns at the positions where all of them have numbers.
    pub fn new(columns: &'a Columns<'a>, positions: &'a [usize], pairs: &'a [Pair]) -> Self {
        Self { columns, positions, pairs }
    }

    /// The coefficient of every pair, with its p-value.
    pub fn correlations(&self) -> Vec<Correlation> {
        let centre = |form: Form, values: &[f64]| match form {
            Form::Values => Centred::new(values),
            Form::Ranks => Centred::ranks(values),
        };
        let centred = self.prepare(centre);
        let n = self.positions.len();
        let of = |pair: &Pair| {
            let r =
                |a: usize, b: usize| centred[&self.key(pair, a)].correlation(&centred[&self.key(pair, b)]);
            match pair.kind {
                Kind::Spearman => Correlation::of_spearman(r(pair.a, pair.b), n),
                Kind::Pearson | Kind::PointBiserial | Kind::Phi => {
                    Correlation::of_pearson(r(pair.a, pair.b), n)
                }
                Kind::Kendall => correlation::kendall(&self.values(pair.a), &self.values(pair.b)),
                Kind::RankBiserial => {
                    let (binary, other) = self.binary_first(pair);
                    correlation::rank_biserial(&self.values(binary), &self.values(other))
                }
                Kind::PartialSpearman | Kind::PartialPearson => Correlation::of_partial(pair.partial(r), n),
            }
        };
        self.pairs.par_iter().map(of).collect()
    }

    /// Each metric once in each form that a pair takes; Kendall's tau takes none.
    pub fn prepare<T: Send>(&self, of: impl Fn(Form, &[f64]) -> T + Sync) -> BTreeMap<Key, T> {
        let taken = self.pairs.iter().filter(|pair| pair.kind != Kind::Kendall);
        let keys: BTreeSet<Key> =
            taken.flat_map(|pair| pair.metrics().map(|metric| self.key(pair, metric))).collect();
        keys.into_par_iter().map(|key| (key, of(key.1, &self.values(key.0)))).collect()
    }

    /// A metric in the form that a pair takes.
    pub fn key(&self, pair: &Pair, metric: usize) -> Key {
        (metric, pair.kind.form(self.columns.metrics[metric].binary))
    }

    /// A metric's values on the images of the block.
    pub fn values(&self, metric: usize) -> Vec<f64> {
        self.columns.values(metric, self.positions)
    }

    /// The metric with two values, and the other one.
    pub fn binary_first(&self, pair: &Pair) -> (usize, usize) {
        if self.columns.metrics[pair.a].binary { (pair.a, pair.b) } else { (pair.b, pair.a) }
    }
}

impl Pair {
    /// The partial correlation by the three plain ones.
    pub fn partial(&self, r: impl Fn(usize, usize) -> f64) -> f64 {
        let Some(given) = self.given else { return f64::NAN };
        correlation::partial_coefficient(r(self.a, self.b), r(self.a, given), r(self.b, given))
    }
}
