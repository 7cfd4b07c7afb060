//! Ask whether metrics agree with each other, or maps with maps.

mod args;
mod coefficient;
mod map_row;
mod maps;
mod metrics;
mod scores;

use std::process::ExitCode;

use anyhow::Result;
use pipe::{MaxErrors, Usage};
use stats::resample::Bootstrap;

use crate::args::Args;
use crate::metrics::Options;

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    if let [a, b] = &args.maps[..] {
        return maps::write(a, b, args.errors.failures()?);
    }
    if args.errors.errors.is_some() || args.errors.max_errors != MaxErrors::default() {
        return Err(Usage("--errors and --max-errors go with --maps".to_owned()).into());
    }
    let bootstrap = Bootstrap { resamples: args.resamples, level: args.level };
    let Args { coefficient, interval, seed, .. } = *args;
    metrics::write(&scores::read(&args.files)?, Options { coefficient, interval, bootstrap, seed })
}
