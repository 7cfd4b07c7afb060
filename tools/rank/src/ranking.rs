//! Methods in the order of their means.

use anyhow::Result;
use pipe::{Direction, Rank, Writer};
use rayon::prelude::*;
use stats::random::generator;
use stats::resample::Bootstrap;
use stats::summary::mean;

use crate::board::ScoreTable;

/// Writes the ranking of every board.
pub fn write(boards: &[ScoreTable], bootstrap: Bootstrap, seed: u64) -> Result<()> {
    let mut out = Writer::<Rank>::stdout::<&str>(&[])?;
    for board in boards {
        for row in ranking(board, bootstrap, seed) {
            out.write(&row)?;
        }
    }
    out.finish()
}

fn ranking(board: &ScoreTable, bootstrap: Bootstrap, seed: u64) -> Vec<Rank> {
    let means: Vec<f64> = board.methods.iter().map(|(_, values)| mean(values)).collect();
    let badness: Vec<f64> = match board.direction {
        Direction::Higher => means.iter().map(|mean| -mean).collect(),
        Direction::Lower => means.clone(),
    };
    let ranks = stats::ranks::average(&badness);
    let rows: Vec<Rank> = board
        .methods
        .par_iter()
        .zip(means.par_iter().zip(&ranks))
        .map(|((method, values), (&mean, &rank))| row(board, method, values, (mean, rank), bootstrap, seed))
        .collect();
    // Methods are sorted by name, so the name decides between equal means.
    stats::ranks::ascending(&badness).into_iter().map(|at| rows[at].clone()).collect()
}

fn row(
    board: &ScoreTable,
    method: &str,
    values: &[f64],
    (mean, rank): (f64, f64),
    bootstrap: Bootstrap,
    seed: u64,
) -> Rank {
    if mean.is_nan() {
        pipe::note(format_args!("{board}, {method}: no mean, for {} values", values.len()));
    }
    let mut rng = generator(seed, &["rank", &board.model, &board.metric, method], 0);
    let interval = bootstrap.mean(values, &mut rng);
    Rank {
        model: board.model.clone(),
        metric: board.metric.clone(),
        direction: board.direction,
        method: method.to_owned(),
        n: values.len(),
        mean,
        ci_low: Some(interval.low),
        ci_high: Some(interval.high),
        rank,
    }
}
