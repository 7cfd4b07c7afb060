//! Methods in the order of their means.

use anyhow::Result;
use pipe::{Direction, Rank, Writer};
use rayon::prelude::*;
use scores::{Board, Sample};
use stats::random::generator;
use stats::summary::mean;

use crate::args::Args;

/// Writes the ranking of every board.
pub fn write(boards: &[Board], args: &Args) -> Result<()> {
    let mut out = Writer::<Rank>::open::<&str>(&args.output, &[])?;
    for board in boards {
        for row in ranking(board, args) {
            out.write(&row)?;
        }
    }
    out.finish()
}

fn ranking(board: &Board, args: &Args) -> Vec<Rank> {
    let means: Vec<f64> = board.methods.iter().map(|sample| mean(&sample.values)).collect();
    let badness: Vec<f64> = match board.direction {
        Direction::Higher => means.iter().map(|mean| -mean).collect(),
        Direction::Lower => means.clone(),
    };
    let ranks = stats::ranks::average(&badness);
    let rows: Vec<Rank> = board
        .methods
        .par_iter()
        .zip(means.par_iter().zip(&ranks))
        .map(|(sample, (&mean, &rank))| row(board, sample, (mean, rank), args))
        .collect();
    // Methods are sorted by name, so the name decides between equal means.
    stats::ranks::ascending(&badness).into_iter().map(|at| rows[at].clone()).collect()
}

fn row(board: &Board, Sample { method, values, .. }: &Sample, (mean, rank): (f64, f64), args: &Args) -> Rank {
    let mut rng = generator(args.seed, &["rank", &board.model, &board.metric, method], 0);
    let interval = args.bootstrap().mean(values, &mut rng);
    Rank {
        model: board.model.clone(),
        metric: board.metric.clone(),
        direction: board.direction,
        method: method.clone(),
        n: values.len(),
        mean,
        ci_low: Some(interval.low),
        ci_high: Some(interval.high),
        rank,
    }
}
