//! Perturb images where their saliency maps point, and write down how the classifier responds.

mod args;
mod dry_run;
mod generators;
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
use protocols::Tool;

use args::Args;

fn main() -> ExitCode {
    protocols::main(perturb)
}

fn perturb(args: &Args) -> Result<()> {
    // A table on standard input says so: `-`.
    if let Some(text) = args.protocol.text(Tool::Perturb, args.dry_run && args.files.is_empty())? {
        print(&text)
    } else if args.list_tests {
        print(&report::tests())
    } else {
        run::perturb(args)
    }
}

fn print(text: &str) -> Result<()> {
    let mut out = pipe::stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
