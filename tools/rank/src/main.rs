//! Rank explanation methods by their scores.

mod args;
mod best;
mod columns;
mod family;
mod median;
mod model;
mod overall;
mod pairs;
mod power;
mod ranking;
mod separation;
mod significance;
mod study;
mod table;

use std::borrow::Cow;
use std::process::ExitCode;

use anyhow::Result;
use scores::{Board, CompareArgs, Foreign, Scores};

use crate::args::Args;
use crate::best::best;
use crate::family::families;
use crate::model::models;
use crate::table::{Named, Table};

fn main() -> ExitCode {
    pipe::main(run)
}

fn run(args: &Args) -> Result<()> {
    if args.study {
        return study::write(args);
    }
    let compare = CompareArgs { by_pair: args.pairs, ..args.compare };
    let scores = Scores::read(&args.files, compare, Foreign::SameItems)?;
    scores.notes.iter().for_each(pipe::note);
    if args.pairs {
        let boards: Vec<Cow<'_, Board>> = match &args.best {
            Some(parameter) => {
                best_of(&scores.boards, parameter)?.into_iter().map(|named| named.board).collect()
            }
            None => scores.boards.iter().map(Cow::Borrowed).collect(),
        };
        return pairs::write(&scores.boards, &boards, args);
    }
    if args.significance || args.power.is_some() {
        let named = named(&scores.boards, args)?;
        let boards = named.iter().map(|named| &*named.board);
        return match args.power {
            Some(power) => power::write(boards, power, args),
            None => significance::write(boards, args),
        };
    }
    let tables = tables(&scores.boards, args)?;
    for table in tables.iter().filter(|table| table.numbers.iter().any(|number| number.n == 1)) {
        pipe::note(format_args!("{table}: one image, so no interval"));
    }
    if args.separation {
        separation::write(&tables, args)
    } else if args.overall {
        overall::write(&tables, args)
    } else {
        ranking::write(&tables, args)
    }
}

/// What the methods are ranked by, one table for each model and metric.
fn tables(boards: &[Board], args: &Args) -> Result<Vec<Table>> {
    if let Some(parameter) = &args.median_curve {
        let families = families(boards, parameter)?;
        let curves = median::curves(&families, parameter)?;
        let of_model = |model| curves.iter().filter_map(move |curves| curves.table(&model));
        return Ok(models(boards, args).flat_map(of_model).collect());
    }
    let named = named(boards, args)?;
    let of_model = |model: model::Model| {
        let boards: Vec<&Named<'_>> = named.iter().filter(|named| named.board.model == model.name).collect();
        table::tables(&boards, &model)
    };
    Ok(models(boards, args).flat_map(of_model).collect())
}

/// The boards where every method has a number, each method by the parameter that suits it best where that is asked for.
fn named<'a>(boards: &'a [Board], args: &Args) -> Result<Vec<Named<'a>>> {
    match &args.best {
        Some(parameter) => best_of(boards, parameter),
        None => boards.iter().map(Named::new).collect(),
    }
}

/// Each method by the value of a parameter that suits it best, metric by metric.
fn best_of(boards: &[Board], parameter: &str) -> Result<Vec<Named<'static>>> {
    Ok(families(boards, parameter)?.iter().map(best).collect())
}
