//! Methods in the order of their means.

use anyhow::Result;
use pipe::{Direction, Rank, Writer};
use rayon::prelude::*;
use scores::{Board, Sample};
use stats::interval::Interval;
use stats::random::generator;
use stats::summary::mean;

use crate::args::Args;

/// A board, and the metric of each of its methods.
pub struct Named {
    /// The scores.
    pub board: Board,
    /// What each method is scored by.
    pub metrics: Vec<String>,
}

/// What the methods of one model are ranked by.
pub struct Table {
    /// Classifier.
    pub model: String,
    /// Which numbers are better.
    pub direction: Direction,
    /// By the name of the method, sorted.
    pub numbers: Vec<Number>,
}

/// What one method is ranked by.
pub struct Number {
    /// Spec string of the metric.
    pub metric: String,
    /// Spec string of the method.
    pub method: String,
    /// Number of images.
    pub n: usize,
    /// The number.
    pub mean: f64,
    /// Its confidence interval.
    pub interval: Interval,
}

/// Writes the ranking of every table.
pub fn write(tables: &[Table], args: &Args) -> Result<()> {
    let mut out = Writer::<Rank>::open::<&str>(&args.output, &[])?;
    for table in tables {
        for row in ranking(table) {
            out.write(&row)?;
        }
    }
    out.finish()
}

impl Named {
    /// The board where every method has a number, and one metric for all; what that costs is said on standard error.
    ///
    /// # Errors
    ///
    /// As [`Board::defined`].
    pub fn new(board: &Board) -> Result<Self> {
        let (board, costs) = board.defined()?;
        costs.iter().for_each(pipe::note);
        Ok(Self { metrics: vec![board.metric.clone(); board.methods.len()], board })
    }

    /// The means.
    pub fn table(&self, args: &Args) -> Table {
        let Board { model, direction, methods, .. } = &self.board;
        let number = |(metric, Sample { method, values, .. }): (&String, &Sample)| {
            let mut rng = generator(args.seed, &["rank", model, metric, method], 0);
            let interval = args.bootstrap().mean(values, &mut rng);
            Number {
                metric: metric.clone(),
                method: method.clone(),
                n: values.len(),
                mean: mean(values),
                interval,
            }
        };
        let numbers = self.metrics.par_iter().zip(methods).map(number).collect();
        Table { model: model.clone(), direction: *direction, numbers }
    }
}

fn ranking(table: &Table) -> Vec<Rank> {
    let badness = |number: &Number| match table.direction {
        Direction::Higher => -number.mean,
        Direction::Lower => number.mean,
    };
    let badness: Vec<f64> = table.numbers.iter().map(badness).collect();
    let ranks = stats::ranks::average(&badness);
    let row = |at: usize| {
        let Number { metric, method, n, mean, interval } = &table.numbers[at];
        Rank {
            model: table.model.clone(),
            metric: metric.clone(),
            direction: table.direction,
            method: method.clone(),
            n: *n,
            mean: *mean,
            ci_low: Some(interval.low),
            ci_high: Some(interval.high),
            rank: ranks[at],
        }
    };
    // Methods are sorted by name, so the name decides between equal means.
    stats::ranks::ascending(&badness).into_iter().map(row).collect()
}
