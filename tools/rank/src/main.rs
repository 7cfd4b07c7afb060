//! Rank explanation methods by their scores.

mod args;
mod board;
mod ranking;
mod separation;

use std::process::ExitCode;

use anyhow::Result;
use stats::resample::Bootstrap;

use crate::args::Args;

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    let boards = board::read(&args.files, args.allow_missing)?;
    if args.separation {
        return separation::write(&boards, &args.random);
    }
    let bootstrap = Bootstrap { resamples: args.resamples, level: args.level };
    ranking::write(&boards, bootstrap, args.seed)
}
