//! The correlations of the metrics of one method over its images.

use std::collections::BTreeMap;

use pipe::Correlation;
use rayon::prelude::*;
use scores::Group;
use stats::draws::Draws;
use stats::interval::Interval;

use crate::args::Args;
use crate::bits::Bits;
use crate::block::{Block, Pair};
use crate::chosen::Chosen;
use crate::columns::Columns;
use crate::intervals::{IntervalKind, fisher};
use crate::reasons::reason;
use crate::resampled::Resampled;

/// A correlation, and what the user should know of it.
pub struct Found {
    /// What is written.
    pub row: Correlation,
    /// Why the correlation is NaN.
    pub undefined: Option<String>,
    /// Number of images with a row from any of the metrics.
    pub images: usize,
}

/// Resamples of images, which methods with as many images share.
#[derive(Default)]
pub struct Resamples(BTreeMap<usize, Draws>);

impl Resamples {
    fn of(&mut self, images: usize, args: &Args) -> &Draws {
        self.0
            .entry(images)
            .or_insert_with(|| Draws::new(images, args.resampling.resamples, args.resampling.seed))
    }
}

/// The correlations of a method, in the order of the chosen pairs.
pub fn correlations(group: &Group, chosen: &Chosen, resamples: &mut Resamples, args: &Args) -> Vec<Found> {
    let columns = Columns::new(chosen.metrics(group));
    let pairs = chosen.pairs(&columns.metrics, args.coefficient);
    if let Some(given) = chosen.lacks_given(&columns.metrics) {
        let comma = if group.model.is_empty() { "" } else { ", " };
        let of = format!("{}{comma}{}", group.model, group.method);
        pipe::note(format_args!("{of}: no scores by {given}, so no correlations given it"));
    }
    let draws = (args.interval == IntervalKind::Bootstrap).then(|| resamples.of(columns.images, args));
    // Pairs with numbers for the same images share the ranks of their metrics.
    let mut blocks: BTreeMap<Bits, Vec<usize>> = BTreeMap::new();
    for (at, pair) in pairs.iter().enumerate() {
        blocks.entry(columns.complete(pair.metrics())).or_default().push(at);
    }
    let found_of = |(images, places): (Bits, Vec<usize>)| {
        let positions = images.positions();
        let pairs: Vec<Pair> = places.iter().map(|&at| pairs[at]).collect();
        let found = of_block(group, &Block::new(&columns, &positions, &pairs), draws, args);
        places.into_iter().zip(found).collect::<Vec<_>>()
    };
    let mut found: Vec<(usize, Found)> = blocks.into_par_iter().flat_map(found_of).collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, found)| found).collect()
}

fn of_block(group: &Group, block: &Block<'_>, draws: Option<&Draws>, args: &Args) -> Vec<Found> {
    let correlations = block.correlations();
    let level = args.resampling.level;
    let intervals: Vec<Interval> = match draws {
        None => block
            .pairs
            .iter()
            .zip(&correlations)
            .map(|(pair, found)| fisher(block, pair, found, level))
            .collect(),
        Some(draws) => {
            let resampled = Resampled::new(block).coefficients(draws);
            let of = |at: usize| {
                if correlations[at].coefficient.is_nan() || block.positions.len() < 2 {
                    return Interval::UNDEFINED;
                }
                args.resampling.bootstrap().percentiles(resampled.iter().map(|values| values[at]).collect())
            };
            (0..correlations.len()).into_par_iter().map(of).collect()
        }
    };
    let of = |at: usize| {
        let (pair, found, interval) = (&block.pairs[at], &correlations[at], intervals[at]);
        let name = |metric: usize| block.columns.metrics[metric].name.clone();
        let row = Correlation {
            model: group.model.clone(),
            method: group.method.clone(),
            metric_a: name(pair.a),
            metric_b: name(pair.b),
            coefficient: pair.kind.name().to_owned(),
            correlation: found.coefficient,
            ci_low: Some(interval.low),
            ci_high: Some(interval.high),
            p_value: Some(found.p_value),
            n: found.n,
            p_holm: None,
            p_bh: None,
        };
        let undefined = found.coefficient.is_nan().then(|| reason(block, pair));
        Found { row, undefined, images: block.columns.rows(pair.metrics()) }
    };
    (0..correlations.len()).into_par_iter().map(of).collect()
}
