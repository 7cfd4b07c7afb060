//! Score tables in memory: what `score` wrote, aligned so that methods are compared on the same items.
//!
//! An item is an image with the class that is explained. A board holds the scores of one metric for one model, method by
//! method. What does not belong together (two models, two lists of images, two directions of one metric) and what has
//! vanished on the way (a lost shard, a killed stage) is an error here, before any mean is taken.

mod args;
mod board;
mod boards;
mod cells;
mod complete;
mod defined;
mod groups;
mod interner;
mod item;
mod join;
mod list;
mod method;
mod part;
mod sources;

use std::path::Path;

use anyhow::Result;
use pipe::{Error, Tables};
use rayon::prelude::*;

use crate::part::Part;

pub use args::{CompareArgs, Incomplete, ResamplingArgs, share};
pub use board::{Board, Sample};
pub use groups::{Group, Metric};
pub use item::Item;
pub use list::List;
pub use method::without_steps;

/// What the methods of a table without a column `list` must have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Every method must be scored on the same items, as when methods are compared with each other.
    SameItems,
    /// Any items, as when metrics are compared within a method.
    AnyItems,
}

/// All scores of a run.
#[derive(Debug)]
pub struct Scores {
    /// All items, sorted.
    pub items: Vec<Item>,
    /// By model and metric, sorted.
    pub boards: Vec<Board>,
    /// What the user should be told, one line each.
    pub notes: Vec<String>,
}

impl Scores {
    /// Reads tables of scores, in any order of them and of their rows, each on a thread.
    ///
    /// # Errors
    ///
    /// If a table is damaged, or if its rows do not belong together or are not all there, unless `args` says what to do.
    pub fn read<P: AsRef<Path>>(files: &[P], args: CompareArgs, foreign: Foreign) -> Result<Self> {
        let tables = Tables::open(files)?;
        let name = tables.name();
        let parts: Vec<Result<Part>> =
            tables.columns(part::COLUMNS)?.into_par_iter().map(Part::read).collect();
        // Of several damaged tables always the first is told.
        let parts: Vec<Part> = parts.into_iter().collect::<Result<_>>()?;
        if parts.iter().all(|part| part.rows == 0) {
            return Err(Error::NoRows { file: name }.into());
        }
        join::join(parts, args, foreign)
    }
}
