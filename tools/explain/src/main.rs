//! Explain a classifier's decisions: images in, saliency maps (`.npy`) and a table of them out.

mod again;
mod annotations;
mod args;
mod array_labels;
mod check;
mod chunk;
mod class_names;
mod dry_run;
mod files;
mod finish;
mod item;
mod kaggle;
mod list;
mod masks;
mod named;
mod pack;
mod plan;
mod reduce;
mod report;
mod run;
mod source;
mod tables;
mod trace;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use protocols::Tool;

use args::Args;

fn main() -> ExitCode {
    protocols::main(explain)
}

fn explain(args: &Args) -> Result<()> {
    // A list on standard input says so: `--images -`.
    let unnamed = args.images.is_empty() && args.table.is_none();
    if let Some(text) = args.protocol.text(Tool::Explain, args.dry_run && unnamed)? {
        print(&text)
    } else if args.lists.models {
        print(&setup::models())
    } else if args.lists.methods {
        print(&report::methods())
    } else if args.lists.layers {
        print(&args.model.layers()?)
    } else {
        run::explain(args)
    }
}

fn print(text: &str) -> Result<()> {
    let mut out = pipe::stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
