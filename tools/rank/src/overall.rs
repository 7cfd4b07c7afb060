//! Methods by their mean rank over the metrics.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use pipe::{Overall, Writer};
use stats::summary::mean_of;
use stats::{ranks, wins};

use crate::args::Args;
use crate::table::Table;

/// Writes one row for every model and method.
///
/// # Errors
///
/// If no metric has all methods of a model.
pub fn write(tables: &[Table], args: &Args) -> Result<()> {
    let mut out = Writer::<Overall>::open::<&str>(&args.output, &[])?;
    for of_model in tables.chunk_by(|a, b| a.model == b.model) {
        for row in rows(of_model, args)? {
            out.write(&row)?;
        }
    }
    out.finish()
}

fn rows(tables: &[Table], args: &Args) -> Result<Vec<Overall>> {
    let methods: BTreeSet<&str> = tables.iter().flat_map(names).collect();
    let whole = whole(tables, methods.len())?;
    let ranked: Vec<Vec<f64>> = whole.iter().map(|table| table.ranks()).collect();
    let resampled: Vec<Vec<Vec<f64>>> =
        whole.iter().map(|table| wins::ranks(&table.resampled_badness())).collect();
    let mean_rank = |at: usize| mean_of(ranked.iter().map(|ranks| ranks[at]));
    let mean_ranks: Vec<f64> = (0..methods.len()).map(mean_rank).collect();
    let resampled: Vec<Vec<f64>> = (0..methods.len()).map(|at| mean_by_resample(&resampled, at)).collect();
    let (places, firsts) = (ranks::average(&mean_ranks), wins::least(&resampled));
    let methods: Vec<&str> = methods.into_iter().collect();
    let row = |at: usize| {
        let interval = args.resampling.bootstrap().percentiles(resampled[at].clone());
        Overall {
            model: tables[0].model.clone(),
            method: methods[at].to_owned(),
            metrics: whole.len(),
            mean_rank: mean_ranks[at],
            ci_low: Some(interval.low),
            ci_high: Some(interval.high),
            rank: places[at],
            p_best: Some(firsts[at]),
        }
    };
    Ok(ranks::ascending(&mean_ranks).into_iter().map(row).collect())
}

/// The tables that have every method.
fn whole(tables: &[Table], methods: usize) -> Result<Vec<&Table>> {
    let (whole, lacking): (Vec<&Table>, Vec<&Table>) =
        tables.iter().partition(|table| table.numbers.len() == methods);
    if whole.is_empty() {
        bail!("{}: no metric has every method, so there is no mean rank", tables[0].model);
    }
    if let Some(first) = lacking.first() {
        let (lacks, all) = (lacking.len(), tables.len());
        pipe::note(format_args!(
            "{lacks} of {all} metrics do not have every method and are left out, such as {first}"
        ));
    }
    Ok(whole)
}

fn names(table: &Table) -> impl Iterator<Item = &str> {
    table.numbers.iter().map(|number| &*number.method)
}

/// The mean rank of a method in each resample, given the ranks by metric, method and resample.
fn mean_by_resample(ranks: &[Vec<Vec<f64>>], method: usize) -> Vec<f64> {
    let resamples = ranks[0][method].len();
    let of_resample = |resample| mean_of(ranks.iter().map(|ranks| ranks[method][resample]));
    (0..resamples).map(of_resample).collect()
}
