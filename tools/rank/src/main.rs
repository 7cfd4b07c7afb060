//! Rank explanation methods by their scores.

mod args;
mod best;
mod family;
mod median;
mod ranking;
mod separation;

use std::process::ExitCode;

use anyhow::Result;
use scores::{Foreign, Scores};

use crate::args::Args;
use crate::best::best;
use crate::family::families;
use crate::ranking::{Named, Table};

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    let scores = Scores::read(&args.files, args.compare, Foreign::SameItems)?;
    scores.notes.iter().for_each(pipe::note);
    if let Some(parameter) = &args.median_curve {
        let families = families(&scores.boards, parameter)?;
        return ranking::write(&median::tables(&families, parameter, args)?, args);
    }
    let boards: Vec<Named> = match &args.best {
        Some(parameter) => families(&scores.boards, parameter)?.iter().map(best).collect(),
        None => scores.boards.iter().map(Named::new).collect::<Result<_>>()?,
    };
    if args.separation {
        return separation::write(boards.iter().map(|named| &named.board), args);
    }
    let tables: Vec<Table> = boards.iter().map(|named| named.table(args)).collect();
    ranking::write(&tables, args)
}
