//! For tests only: run a tool as a shell sees it, compare tables and arrays with a tolerance, keep expected outputs.
//!
//! A tool's `tests/cli.rs` names its own binary, and finds other tools beside it:
//!
//! ```text
//! let score = env!("CARGO_BIN_EXE_score");
//! let table = testing::run(score, ["-"], curves).success();
//! testing::golden::csv("score/curves.csv", &table, 1e-9);
//!
//! let work = testing::WorkDir::new();
//! work.shell(score, "explain cat.png | perturb | score | head -1").success();
//! ```

// A failed check is a panic here; saying so at every function would say nothing.
#![allow(clippy::missing_panics_doc)]

mod command;
pub mod compare;
pub mod fuzz;
pub mod golden;
mod places;

pub use command::{Output, WorkDir, numpy, run, sibling};
pub use compare::{Tolerance, assert_close, assert_csv, columns};
pub use places::{data_dir, parity_dir, root, testdata};
