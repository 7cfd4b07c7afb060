//! How far each metric tells the methods from random maps.

use anyhow::{Result, bail};
use pipe::{Cells, Column, Error, Line, Row, Writer};
use scores::{Board, Sample, without_steps};
use stats::separation::{rand_dist, rand_dist_inside};
use stats::summary::mean;

use crate::args::Args;

/// How far one metric tells `n` methods from random maps.
struct Separation {
    model: String,
    metric: String,
    rand_dist: f64,
    rand_dist_inside: f64,
    n: usize,
}

impl Row for Separation {
    const COLUMNS: &'static [Column] = &[
        Column::optional("model"),
        Column::required("metric"),
        Column::required("rand_dist"),
        Column::required("rand_dist_inside"),
        Column::required("n"),
    ];

    fn read(line: &mut Line<'_>) -> Result<Self, Error> {
        Ok(Self {
            model: line.value()?,
            metric: line.value()?,
            rand_dist: line.value()?,
            rand_dist_inside: line.value()?,
            n: line.value()?,
        })
    }

    fn write(&self, cells: &mut Cells<'_>) {
        cells.value(&self.model);
        cells.value(&self.metric);
        cells.value(&self.rand_dist);
        cells.value(&self.rand_dist_inside);
        cells.value(&self.n);
    }
}

/// Writes one row for every board.
pub fn write<'a>(boards: impl Iterator<Item = &'a Board>, args: &Args) -> Result<()> {
    let mut out = Writer::<Separation>::open::<&str>(&args.output, &[])?;
    for board in boards {
        out.write(&separation(board, &args.random)?)?;
    }
    out.finish()
}

fn separation(board: &Board, random: &str) -> Result<Separation> {
    let chance = chance(board, random)?;
    let others = board.methods.iter().filter(|sample| sample.method != chance.method);
    let means: Vec<f64> = others.map(|sample| mean(&sample.values)).collect();
    let chance = mean(&chance.values);
    let rand_dist = rand_dist(&means, chance);
    if rand_dist.is_nan() {
        pipe::note(format_args!("{board}: no rand_dist, for {} methods beside `{random}`", means.len()));
    }
    Ok(Separation {
        model: board.model.clone(),
        metric: board.metric.clone(),
        rand_dist,
        rand_dist_inside: rand_dist_inside(&means, chance),
        n: means.len(),
    })
}

/// The random maps: the method of that name, or the only one of that name with steps on its maps.
fn chance<'a>(board: &'a Board, random: &str) -> Result<&'a Sample> {
    if let Some(exact) = board.methods.iter().find(|sample| sample.method == random) {
        return Ok(exact);
    }
    let mut with_steps = board.methods.iter().filter(|sample| without_steps(&sample.method) == random);
    match (with_steps.next(), with_steps.next()) {
        (Some(one), None) => Ok(one),
        (Some(one), Some(two)) => {
            bail!("{board}: `{}` and `{}` are both random maps: name one by --random", one.method, two.method)
        }
        _ => bail!("{board}: no method `{random}` to compare with (--random names another)"),
    }
}
