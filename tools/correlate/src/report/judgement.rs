//! How one metric judges the methods: image by image, and by their means.

use std::collections::BTreeMap;

use pipe::Direction;
use rayon::prelude::*;
use scores::Board;
use stats::correlation::{kendall, spearman};
use stats::draws::Draws;
use stats::interval::Interval;
use stats::rankings::Rankings;
use stats::summary::mean;

use super::agreement_row::Agreement;
use crate::args::Args;

/// One metric's scores on the images that have a number from every method, turned so that more is better.
pub struct Judgement {
    model: String,
    metric: String,
    methods: Vec<String>,
    /// The images, rising.
    items: Vec<u32>,
    /// By method.
    values: Vec<Vec<f64>>,
}

impl Judgement {
    /// Of a board; without images, and the reason on standard error, if no image has a number from every method.
    pub fn new(board: &Board) -> Self {
        let defined = board.defined().map(|(board, costs)| {
            costs.iter().for_each(pipe::note);
            board
        });
        let sign = if board.direction == Direction::Lower { -1.0 } else { 1.0 };
        let (items, values) = match defined {
            Ok(board) => {
                let items = board
                    .methods
                    .first()
                    .map_or_else(Vec::new, |sample| sample.items.iter().copied().collect());
                let turned = |values: Vec<f64>| values.into_iter().map(|value| sign * value).collect();
                (items, board.methods.into_iter().map(|sample| turned(sample.values)).collect())
            }
            Err(reason) => {
                pipe::note(format_args!("{reason:#}"));
                (Vec::new(), vec![Vec::new(); board.methods.len()])
            }
        };
        let methods = board.methods.iter().map(|sample| sample.method.clone()).collect();
        Self { model: board.model.clone(), metric: board.metric.clone(), methods, items, values }
    }

    fn rankings(&self) -> Rankings {
        let mut rankings = Rankings::new(self.methods.len());
        for image in 0..self.items.len() {
            rankings.add(&self.values.iter().map(|values| values[image]).collect::<Vec<_>>());
        }
        rankings
    }
}

/// Resamples of a model's images.
pub struct Resampled {
    draws: Draws,
    /// Where each image stands among those that are drawn.
    places: BTreeMap<u32, usize>,
    /// The mean of each method in each resample, by metric.
    means: Vec<Vec<Vec<f64>>>,
}

impl Resampled {
    /// Draws the images that any metric judges.
    pub fn new(judgements: &[Judgement], args: &Args) -> Self {
        let mut items: Vec<u32> =
            judgements.iter().flat_map(|judgement| judgement.items.iter()).copied().collect();
        items.sort_unstable();
        items.dedup();
        let places: BTreeMap<u32, usize> =
            items.iter().enumerate().map(|(place, item)| (*item, place)).collect();
        let draws = Draws::new(items.len(), args.resampling.resamples, args.resampling.seed);
        let dense = |judgement: &Judgement, values: &Vec<f64>| {
            let mut column = vec![f64::NAN; items.len()];
            for (item, value) in judgement.items.iter().zip(values) {
                column[places[item]] = *value;
            }
            column
        };
        let means = |judgement: &Judgement| {
            let columns: Vec<Vec<f64>> =
                judgement.values.iter().map(|values| dense(judgement, values)).collect();
            draws.means(&columns)
        };
        let means = judgements.iter().map(means).collect();
        Self { draws, places, means }
    }

    /// The interval of a statistic of the images of one metric, which takes how often each was drawn.
    fn interval(&self, judgement: &Judgement, args: &Args, of: impl Fn(&[u8]) -> f64 + Sync) -> Interval {
        let places: Vec<usize> = judgement.items.iter().map(|item| self.places[item]).collect();
        let of_resample = |resample: usize| {
            let counts = self.draws.counts(resample);
            of(&places.iter().map(|&place| counts[place]).collect::<Vec<u8>>())
        };
        args.resampling
            .bootstrap()
            .percentiles((0..self.draws.resamples()).into_par_iter().map(of_resample).collect())
    }
}

/// How far the images agree on the ranking of the methods, as raters: Krippendorff's alpha on an ordinal scale, with the methods as
/// units, and Kendall's W.
pub fn of_images(judgement: &Judgement, resampled: &Resampled, args: &Args) -> Vec<Agreement> {
    let rankings = judgement.rankings();
    let each = vec![1; rankings.len()];
    let row = |statistic: &str, of: &(dyn Fn(&[u8]) -> f64 + Sync)| {
        let value = of(&each);
        let interval =
            if value.is_nan() { Interval::UNDEFINED } else { resampled.interval(judgement, args, of) };
        Agreement {
            model: judgement.model.clone(),
            metric_a: judgement.metric.clone(),
            metric_b: String::new(),
            statistic: statistic.to_owned(),
            value,
            ci_low: interval.low,
            ci_high: interval.high,
            methods: judgement.methods.len(),
            images: judgement.items.len(),
        }
    };
    let rows = vec![
        row("krippendorff-alpha", &|counts| rankings.alpha(counts)),
        row("kendall-w", &|counts| rankings.kendall_w(counts)),
    ];
    note_undefined(&rows);
    rows
}

/// How far each two metrics agree on the ranking of the methods by their means.
pub fn of_metrics(judgements: &[Judgement], resampled: &Resampled, args: &Args) -> Vec<Agreement> {
    let pairs: Vec<(usize, usize)> =
        (0..judgements.len()).flat_map(|a| (a + 1..judgements.len()).map(move |b| (a, b))).collect();
    let rows: Vec<Agreement> =
        pairs.into_par_iter().flat_map(|(a, b)| of_pair(judgements, resampled, (a, b), args)).collect();
    note_undefined(&rows);
    rows
}

fn of_pair(
    judgements: &[Judgement],
    resampled: &Resampled,
    (a, b): (usize, usize),
    args: &Args,
) -> [Agreement; 2] {
    let (first, second) = (&judgements[a], &judgements[b]);
    // The places of the methods that both metrics judge.
    let common: Vec<(usize, usize)> = first
        .methods
        .iter()
        .enumerate()
        .filter_map(|(i, method)| second.methods.iter().position(|other| other == method).map(|j| (i, j)))
        .collect();
    let means: (Vec<f64>, Vec<f64>) =
        common.iter().map(|&(i, j)| (mean(&first.values[i]), mean(&second.values[j]))).unzip();
    let drawn = |resample: usize| -> (Vec<f64>, Vec<f64>) {
        let of = |metric: usize, method: usize| resampled.means[metric][method][resample];
        common.iter().map(|&(i, j)| (of(a, i), of(b, j))).unzip()
    };
    let row = |statistic: &str, of: fn(&[f64], &[f64]) -> f64| {
        let value = of(&means.0, &means.1);
        let values = (0..resampled.draws.resamples()).map(|resample| {
            let (a, b) = drawn(resample);
            of(&a, &b)
        });
        let interval = if value.is_nan() {
            Interval::UNDEFINED
        } else {
            args.resampling.bootstrap().percentiles(values.collect())
        };
        Agreement {
            model: first.model.clone(),
            metric_a: first.metric.clone(),
            metric_b: second.metric.clone(),
            statistic: statistic.to_owned(),
            value,
            ci_low: interval.low,
            ci_high: interval.high,
            methods: common.len(),
            images: first.items.len().min(second.items.len()),
        }
    };
    [row("kendall", |a, b| kendall(a, b).coefficient), row("spearman", |a, b| spearman(a, b).coefficient)]
}

/// One line for each metric, or pair of them, whose agreement is NaN.
fn note_undefined(rows: &[Agreement]) {
    for pair in rows.chunk_by(|a, b| (&a.metric_a, &a.metric_b) == (&b.metric_a, &b.metric_b)) {
        let Agreement { model, metric_a, metric_b, methods, images, .. } = &pair[0];
        if pair.iter().all(|row| !row.value.is_nan()) {
            continue;
        }
        let (comma, and) =
            (if model.is_empty() { "" } else { ", " }, if metric_b.is_empty() { "" } else { " and " });
        let reason = if *methods < 2 || *images < 2 {
            format!("{methods} methods on {images} images")
        } else {
            "all methods are equal".to_owned()
        };
        pipe::note(format_args!("{model}{comma}{metric_a}{and}{metric_b}: no agreement: {reason}"));
    }
}
