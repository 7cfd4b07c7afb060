//! What crosses a process boundary: rows, `.npy` maps, standard input and output, errors, exit codes, progress and the
//! run record.
//!
//! A tool is its arguments and a `run` function; everything that a shell sees of it comes from here:
//!
//! ```no_run
//! use pipe::{Response, Rows, Writer};
//!
//! /// Copy the responses whose probability is above a half.
//! #[derive(clap::Parser)]
//! struct Args {
//!     /// Tables to read; `-` or nothing is standard input.
//!     files: Vec<std::path::PathBuf>,
//!     #[command(flatten)]
//!     output: pipe::OutputArgs,
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     pipe::main(run)
//! }
//!
//! fn run(args: &Args) -> anyhow::Result<()> {
//!     let rows = Rows::<Response>::open(&args.files)?;
//!     let mut out = Writer::open(&args.output, rows.extra_names())?;
//!     for row in rows {
//!         let row = row?;
//!         if row.probability > 0.5 {
//!             out.write(&row)?;
//!         }
//!     }
//!     out.finish()
//! }
//! ```
//!
//! Conventions: data go to standard output and everything else to standard error; a table always has its header, and
//! one without rows is an error for whoever reads it; columns are found by name and unknown ones are carried through; a reader that goes away early
//! (`| head -1`) is no error; a full disk is one, and so is a table whose last line is torn. Tables may be compressed (gzip,
//! Zstandard).

pub mod atomic;
mod boxes;
mod cell;
mod checked_maps;
mod column;
mod columns;
mod compressed;
mod digest;
mod error;
mod failures;
mod generate;
mod identity;
mod kept;
pub mod npy;
mod output;
mod program;
mod progress;
mod reader;
mod record;
mod records;
mod repeats;
mod rows;
mod sidecar;
mod stdio;
mod table;
mod whole;
mod writer;

pub use boxes::{BoundingBox, Boxes};
pub use cell::{Cell, Class, Direction, from_f32};
pub use checked_maps::CheckedMaps;
pub use column::{Column, Extra};
pub use columns::{Columns, Fields};
pub use digest::{list_key, sha256, sha256_of};
pub use error::Error;
pub use failures::{ErrorArgs, Failures, MaxErrors};
pub use generate::Suggested;
pub use identity::{Asked, Identity};
pub use kept::{KEPT_COLUMNS, Kept, KeptImage, KeptPack, KeptReader};
pub use output::{Finish, Output, OutputArgs};
pub use program::{Usage, main, main_of, note, reader_is_gone};
pub use progress::Progress;
pub use reader::{FlawedRows, Line, Rows};
pub use record::Record;
pub use repeats::note_item;
pub use rows::{
    Answer, Correlation, Density, Explained, Image, Overall, Power, Preference, Rank, Response, Row, Score,
    Separation, Significance, Tried, Versus,
};
pub use sidecar::{Item, PackFile, Sidecar, Trial};
pub use stdio::{Stdout, input, input_name, stdout};
pub use table::Tables;
pub use writer::{Cells, Writer};
