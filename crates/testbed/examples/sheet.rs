//! Writes a sheet of a hundred held-out pictures, one class per column, and the sheet of their masks.
//!
//! ```sh
//! cargo run --release -p testbed --example sheet -- pictures.png masks.png
//! ```

use std::env;

use anyhow::{Context, Result};
use testbed::{CLASSES, Split, mask_sheet, picture_sheet, scene};

fn main() -> Result<()> {
    let mut paths = env::args_os().skip(1);
    let mut path = || paths.next().context("usage: sheet PICTURES.png MASKS.png");
    let scenes: Vec<_> = (0..100).map(|index| scene(0, Split::Heldout, index)).collect();
    picture_sheet(&scenes, CLASSES.len()).save(path()?)?;
    mask_sheet(&scenes, CLASSES.len()).save(path()?)?;
    Ok(())
}
