//! Explain a classifier's decisions: pictures in, saliency maps (`.npy`) and a table of them out.

mod args;
mod chunk;
mod pictures;
mod reduce;
mod report;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;

use args::Args;

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    let mut out = pipe::stdout();
    if args.list_models {
        out.write_all(setup::models().as_bytes())?;
    } else if args.list_methods {
        out.write_all(report::methods().as_bytes())?;
    } else if args.list_layers {
        let loaded = args.model.open(&args.layer.clone().into_iter().collect::<Vec<_>>())?;
        let size = loaded.classifier.preprocess.crop.unwrap_or(args.input_size());
        out.write_all(setup::layers(&loaded.classifier, size).as_bytes())?;
    } else {
        drop(out);
        return chunk::explain(args);
    }
    Ok(out.flush()?)
}
