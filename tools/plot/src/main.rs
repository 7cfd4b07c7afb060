//! `plot`: a figure from a table.

mod args;
mod read;
mod write;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Args;

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    // What cannot be written is found before a table of hours is read.
    let places = write::places(args)?;
    let figure = read::figure(args)?;
    write::write(&figure, &places, args)
}
