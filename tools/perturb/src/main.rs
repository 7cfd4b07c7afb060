//! Perturb images where their saliency maps point, and write down how the classifier responds.

mod args;
mod dry_run;
mod keep;
mod out;
mod prepare;
mod report;
mod resume;
mod rows;
mod run;
mod source;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;

use args::Args;

fn main() -> ExitCode {
    pipe::main(perturb)
}

fn perturb(args: &Args) -> Result<()> {
    if args.list_tests {
        let mut out = pipe::stdout();
        out.write_all(report::tests().as_bytes())?;
        return Ok(out.flush()?);
    }
    run::perturb(args)
}
