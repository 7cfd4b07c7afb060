//! Ask whether metrics agree with each other.

mod args;
mod coefficient;
mod metrics;

use std::process::ExitCode;

use anyhow::{Result, bail};
use scores::{Foreign, Scores};

use crate::args::Args;

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    let scores = Scores::read(&args.files, args.compare, Foreign::AnyItems)?;
    scores.notes.iter().for_each(pipe::note);
    let groups = scores.into_groups();
    if groups.iter().any(|group| group.method == "mean") {
        bail!("a method is called `mean`, which in the output means all methods");
    }
    metrics::write(&groups, args)
}
