//! How far each metric tells the methods from random maps.

use anyhow::{Result, bail};
use pipe::{Cells, Column, Error, Line, Row, Writer};
use stats::separation::{rand_dist, rand_dist_inside};
use stats::summary::mean;

use crate::board::ScoreTable;

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
pub fn write(boards: &[ScoreTable], random: &str) -> Result<()> {
    let mut out = Writer::<Separation>::stdout::<&str>(&[])?;
    for board in boards {
        out.write(&separation(board, random)?)?;
    }
    out.finish()
}

fn separation(board: &ScoreTable, random: &str) -> Result<Separation> {
    let (chance, others): (Vec<_>, Vec<_>) = board.methods.iter().partition(|(method, _)| method == random);
    let Some((_, values)) = chance.first() else {
        bail!("{board}: no method `{random}` to compare with (--random names another)");
    };
    let chance = mean(values);
    let means: Vec<f64> = others.iter().map(|(_, values)| mean(values)).collect();
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
