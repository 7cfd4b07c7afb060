//! Ask whether metrics agree with each other.

mod adjusted;
mod args;
mod bits;
mod block;
mod chosen;
mod coefficient;
mod columns;
mod correlations;
mod intervals;
mod means;
mod reasons;
mod report;
mod resampled;

use std::process::ExitCode;

use anyhow::{Result, bail};
use pipe::Correlation;
use scores::{Foreign, Group, Scores};

use crate::args::{Args, Report};
use crate::chosen::Chosen;
use crate::correlations::{Resamples, correlations};
use crate::means::{MEAN, Means};
use crate::reasons::{LeftOut, note_undefined};

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    let agreement = args.report == Some(Report::Agreement);
    // Images that rank methods must have scores of all of them.
    let foreign = if agreement { Foreign::SameItems } else { Foreign::AnyItems };
    let scores = Scores::read(&args.files, args.compare, foreign)?;
    scores.notes.iter().for_each(pipe::note);
    if agreement {
        return report::agreement::write(&scores, args);
    }
    let groups = scores.into_groups();
    if groups.iter().any(|group| group.method == MEAN) {
        bail!("a method is called `{MEAN}`, which in the output means all methods");
    }
    let chosen = Chosen::new(&groups, args)?;
    let rows = rows(&groups, &chosen, args);
    let means: Vec<Correlation> = Means::of(&rows).rows(args).collect();
    let tables = args.report.map(|report| report::tables(report, &rows, &means, args));
    report::write(rows.iter().chain(&means), tables.as_deref(), args)
}

/// The correlations of all methods.
fn rows(groups: &[Group], chosen: &Chosen, args: &Args) -> Vec<Correlation> {
    let (mut rows, mut left_out, mut resamples) = (Vec::new(), LeftOut::default(), Resamples::default());
    for group in groups {
        let found = correlations(group, chosen, &mut resamples, args);
        note_undefined(&found);
        for found in found {
            left_out.add(&found);
            rows.push(found.row);
        }
    }
    left_out.tell();
    adjusted::adjust(&mut rows);
    rows
}
