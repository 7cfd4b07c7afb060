//! Tables for a reader, in Markdown; the rows behind them are CSV.

pub mod agreement;
mod agreement_row;
mod consistency;
mod judgement;
mod markdown;
mod reliability;
mod section;

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use pipe::{Correlation, OutputArgs, Row, Writer};

use crate::args::{Args, Report};

/// The tables of correlations, model by model.
pub fn tables(report: Report, rows: &[Correlation], means: &[Correlation], args: &Args) -> String {
    let sections = section::sections(rows, means, args.resampling.level);
    match report {
        Report::Consistency => sections.iter().map(consistency::tables).collect(),
        Report::Reliability | Report::Agreement => sections.iter().map(reliability::table_of).collect(),
    }
}

/// Writes rows as CSV; with tables to print, only where `-O` says so.
pub fn write<'a, R: Row + 'a>(
    rows: impl IntoIterator<Item = &'a R>,
    tables: Option<&str>,
    args: &Args,
) -> Result<()> {
    let file = args.output.file.as_deref();
    if tables.is_none() || file.is_some() {
        let mut out = Writer::<R>::open::<&str>(&args.output, &[])?;
        for row in rows {
            out.write(row)?;
        }
        out.finish()?;
    }
    let Some(tables) = tables.filter(|_| file != Some(Path::new("-"))) else { return Ok(()) };
    let mut out = pipe::Output::open(&OutputArgs::default())?;
    out.write_all(tables.trim_start().as_bytes())?;
    pipe::Finish::finish(out)?;
    Ok(())
}
