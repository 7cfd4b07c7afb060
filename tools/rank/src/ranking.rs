//! Methods in the order of their means.

use anyhow::Result;
use pipe::{Rank, Writer};
use rayon::prelude::*;
use stats::{ranks, wins};

use crate::args::Args;
use crate::table::{Number, Table};

/// Writes the ranking of every table.
pub fn write(tables: &[Table], args: &Args) -> Result<()> {
    let mut out = Writer::<Rank>::open::<&str>(&args.output, &[])?;
    let rows: Vec<Vec<Rank>> = tables.par_iter().map(|table| ranking(table, args)).collect();
    rows.iter().flatten().try_for_each(|row| out.write(row))?;
    out.finish()
}

fn ranking(table: &Table, args: &Args) -> Vec<Rank> {
    let bootstrap = args.resampling.bootstrap();
    let resampled = table.resampled_badness();
    let (ranks, firsts) = (table.ranks(), wins::least(&resampled));
    let resampled_ranks = wins::ranks(&resampled);
    let row = |at: usize| {
        let number = &table.numbers[at];
        let Number { metric, method, n, mean, median, win_rate, .. } = number;
        let of_mean = number.interval(&bootstrap);
        let of_rank = bootstrap.percentiles(resampled_ranks[at].clone());
        Rank {
            model: table.model.clone(),
            metric: metric.clone(),
            direction: table.direction,
            method: method.clone(),
            n: *n,
            mean: *mean,
            ci_low: Some(of_mean.low),
            ci_high: Some(of_mean.high),
            rank: ranks[at],
            median: *median,
            rank_low: Some(of_rank.low),
            rank_high: Some(of_rank.high),
            p_best: Some(firsts[at]),
            win_rate: *win_rate,
        }
    };
    // Methods are sorted by name, so the name decides between equal means.
    ranks::ascending(&ranks).into_iter().map(row).collect()
}
