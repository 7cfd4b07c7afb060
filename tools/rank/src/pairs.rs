//! Methods against each other, two by two, on the images for which both have a number.

use std::borrow::Cow;

use anyhow::Result;
use pipe::{Direction, Versus, Writer};
use rayon::prelude::*;
use scores::Board;
use stats::interval::Interval;
use stats::proportion::wilson;
use stats::summary::mean_of;
use stats::wins;

use crate::args::Args;
use crate::model::{Model, models};

/// Pairs that are resampled at once, if each needs columns of its own.
const PAIRS: usize = 64;

/// Writes one row for every two methods of every board.
pub fn write(all: &[Board], boards: &[Cow<'_, Board>], args: &Args) -> Result<()> {
    let mut out = Writer::<Versus>::open::<&str>(&args.output, &[])?;
    for model in models(all, args) {
        for board in boards.iter().filter(|board| board.model == model.name) {
            let rows = pairs(board, &model, args);
            let few = rows.iter().filter(|row| row.n < 2).count();
            if few > 0 {
                pipe::note(format_args!(
                    "{board}: {few} of {} pairs have fewer than two images in common, so no interval",
                    rows.len()
                ));
            }
            rows.iter().try_for_each(|row| out.write(row))?;
        }
    }
    out.finish()
}

fn pairs(board: &Board, model: &Model, args: &Args) -> Vec<Versus> {
    let methods = board.methods.len();
    let columns: Vec<Cow<'_, [f64]>> = board.methods.par_iter().map(|sample| model.column(sample)).collect();
    let resampled = model.means_of(&columns);
    let whole: Vec<Side<'_>> =
        columns.par_iter().zip(resampled).map(|(column, resampled)| Side::new(column, resampled)).collect();
    let pairs: Vec<(usize, usize)> =
        (0..methods).flat_map(|a| (a + 1..methods).map(move |b| (a, b))).collect();
    let row = |(&(a, b), common): (&(usize, usize), &Option<[Side<'_>; 2]>)| {
        let names = [a, b].map(|at| &*board.methods[at].method);
        match common {
            Some([a, b]) => versus(board, names, a, b, args),
            None => versus(board, names, &whole[a], &whole[b], args),
        }
    };
    let rows = |pairs: &[(usize, usize)]| {
        let columns: Vec<_> = pairs.par_iter().map(|&(a, b)| common(&columns[a], &columns[b])).collect();
        let resampled = model.means_of(&columns.iter().flatten().flatten().collect::<Vec<_>>());
        let mut resampled = resampled.into_iter();
        let mut side = |column| Side::new(column, resampled.by_ref().next().unwrap_or_default());
        let sides: Vec<_> =
            columns.iter().map(|pair| pair.as_ref().map(|[a, b]| [side(a), side(b)])).collect();
        pairs.par_iter().zip(&sides).map(row).collect::<Vec<_>>()
    };
    pairs.chunks(PAIRS).flat_map(rows).collect()
}

/// One of two methods that are compared.
struct Side<'a> {
    /// Image by image, NaN for images that do not count.
    values: &'a [f64],
    mean: f64,
    resampled: Vec<f64>,
}

impl<'a> Side<'a> {
    fn new(values: &'a (impl AsRef<[f64]> + ?Sized), resampled: Vec<f64>) -> Self {
        let values = values.as_ref();
        let mean = mean_of(values.iter().filter(|value| !value.is_nan()));
        Self { values, mean, resampled }
    }
}

/// Both columns on the images for which both have a number; nothing if these are all that either has.
fn common(a: &[f64], b: &[f64]) -> Option<[Vec<f64>; 2]> {
    if a.iter().zip(b).all(|(a, b)| a.is_nan() == b.is_nan()) {
        return None;
    }
    let on = |values: &[f64], others: &[f64]| {
        values
            .iter()
            .zip(others)
            .map(|(value, other)| if other.is_nan() { f64::NAN } else { *value })
            .collect()
    };
    Some([on(a, b), on(b, a)])
}

fn versus(board: &Board, [method_a, method_b]: [&str; 2], a: &Side<'_>, b: &Side<'_>, args: &Args) -> Versus {
    // The share of the first, in which more is better.
    let ahead = |a, b| match board.direction {
        Direction::Higher => wins::pairwise(a, b),
        Direction::Lower => wins::pairwise(b, a),
    };
    let n = a.values.iter().filter(|value| !value.is_nan()).count();
    let differences = a.resampled.iter().zip(&b.resampled).map(|(a, b)| a - b);
    let difference = args.resampling.bootstrap().percentiles(differences.collect());
    let win_rate = ahead(a.values, b.values);
    let win = share_interval(win_rate, n, args.resampling.level);
    Versus {
        model: board.model.clone(),
        metric: board.metric.clone(),
        direction: board.direction,
        method_a: method_a.to_owned(),
        method_b: method_b.to_owned(),
        n,
        difference: a.mean - b.mean,
        ci_low: Some(difference.low),
        ci_high: Some(difference.high),
        p_better: Some(ahead(&a.resampled, &b.resampled)),
        win_rate,
        win_low: Some(win.low),
        win_high: Some(win.high),
    }
}

/// Wilson's interval of a share that counts halves: from that of the whole number below to that of the one above.
fn share_interval(share: f64, n: usize, level: f64) -> Interval {
    let halves = (share * 2.0 * n as f64).round() as usize;
    Interval { low: wilson(halves / 2, n, level).low, high: wilson(halves.div_ceil(2), n, level).high }
}
