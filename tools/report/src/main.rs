//! `report`: one HTML file from the tables of a run.

mod answers;
mod args;
mod belongs;
mod choice;
mod data;
mod drawn;
mod encode;
mod failures;
mod items;
mod kind;
mod page;
mod record;
mod scored;
mod sections;
mod summary;
mod tables;
mod words;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::args::Args;

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    args.check()?;
    let inputs = kind::Inputs::of(&args.tables)?;
    let run = tables::Run::read(&inputs, args)?;
    let mut failures = args.errors.failures()?;
    let html = page::page(&run, &inputs, args, &mut failures)?;
    pipe::atomic::write(&args.out, html.as_bytes())
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    // The page is there, and says what it lacks.
    failures.finish(run.items.maps() as u64)
}
