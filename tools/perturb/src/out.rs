//! Where the responses go: to standard output or a file at once, or into a file that several runs may write.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use perturbation::ParsedTest;
use pipe::{Response, Row, Writer, sha256};
use serde_json::{Value, json};
use setup::Loaded;

use crate::args::Args;
use crate::resume::{Done, Found, Part, PartFile};

/// An open table.
pub enum Out {
    /// Written in one go.
    Whole(Writer<Response>),
    /// Written in several.
    Part(Box<Part>, Writer<Response, PartFile>),
}

/// What a run starts with.
pub enum Start {
    /// A table to write.
    Table(Box<Out>),
    /// A complete one of an earlier run, and the digest of the maps that it is of.
    Complete(String),
}

impl Out {
    /// Opens what the command line names.
    ///
    /// # Errors
    ///
    /// If a file cannot be made, or an earlier one is of another run.
    pub fn open(args: &Args, loaded: &Loaded, tests: &[ParsedTest], extra: &[String]) -> Result<Start> {
        if !args.resume {
            return Ok(Start::Table(Box::new(Self::Whole(Writer::open(&args.output, extra)?))));
        }
        let specs: Vec<&str> = tests.iter().map(ParsedTest::spec).collect();
        match Part::find(&args.output, settings(args, loaded, &specs)?, &specs, &header(extra))? {
            Found::Whole(maps) => Ok(Start::Complete(maps)),
            Found::Part(part) => {
                let rows = Writer::append(part.append()?, extra);
                Ok(Start::Table(Box::new(Self::Part(Box::new(part), rows))))
            }
        }
    }

    /// The maps that are in the table already.
    pub fn take_done(&mut self) -> Vec<Done> {
        match self {
            Self::Whole(_) => Vec::new(),
            Self::Part(part, _) => std::mem::take(&mut part.done),
        }
    }

    /// Writes a row.
    pub fn write(&mut self, row: &Response) -> Result<()> {
        match self {
            Self::Whole(out) => out.write(row),
            Self::Part(_, out) => out.write(row),
        }
    }

    /// Hands on what was written so far.
    pub fn flush(&mut self) -> Result<()> {
        match self {
            Self::Whole(out) => out.flush(),
            Self::Part(_, out) => out.flush(),
        }
    }

    /// Ends the table; `maps` is the digest of the maps that it is of.
    pub fn finish(self, maps: &str) -> Result<()> {
        match self {
            Self::Whole(out) => out.finish(),
            Self::Part(part, out) => {
                out.finish()?;
                part.finish(maps)
            }
        }
    }
}

/// How many maps earlier runs have done, with nothing changed.
///
/// # Errors
///
/// If what they have left is of another run.
pub fn done(args: &Args, loaded: &Loaded, tests: &[ParsedTest], extra: &[String]) -> Result<usize> {
    if !args.resume {
        return Ok(0);
    }
    let specs: Vec<&str> = tests.iter().map(ParsedTest::spec).collect();
    Part::survey(&args.output, settings(args, loaded, &specs)?, &specs, &header(extra))
}

/// The content of the table of `--second`.
fn second(args: &Args) -> Result<Option<String>> {
    let hash = |path: &PathBuf| {
        Ok(sha256(&fs::read(path).with_context(|| format!("cannot read {}", path.display()))?))
    };
    args.second.as_ref().map(hash).transpose()
}

/// What the rows depend on besides the maps.
fn settings(args: &Args, loaded: &Loaded, specs: &[&str]) -> Result<Value> {
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "model": loaded.classifier.key(),
        "tests": specs,
        "seed": args.seed,
        "keep": args.keep,
        "keep-test": args.keep_test,
        "generators": args.generators,
        "second": second(args)?,
        "engine": loaded.engine,
        "shard": format!("{}/{}", args.shard.k, args.shard.n),
    }))
}

fn header(extra: &[String]) -> Vec<String> {
    let own: Vec<String> = Response::COLUMNS.iter().map(|column| column.name.to_owned()).collect();
    let others = extra.iter().filter(|name| !own.contains(name)).cloned().collect::<Vec<_>>();
    [own, others].concat()
}
