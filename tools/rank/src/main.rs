//! Rank explanation methods by their scores.

mod args;
mod ranking;
mod separation;

use std::process::ExitCode;

use anyhow::Result;
use scores::{Foreign, Scores};

use crate::args::Args;

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    let scores = Scores::read(&args.files, args.compare, Foreign::SameItems)?;
    scores.notes.iter().for_each(pipe::note);
    let mut boards = Vec::new();
    for board in &scores.boards {
        let (board, costs) = board.defined()?;
        costs.iter().for_each(pipe::note);
        boards.push(board);
    }
    if args.separation {
        return separation::write(&boards, args);
    }
    ranking::write(&boards, args)
}
