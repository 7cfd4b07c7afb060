//! Writes a sheet of a hundred held-out images, one class per column, and the sheet of their masks.
//!
//! ```sh
//! cargo run --release -p testbed --example sheet -- images.png masks.png
//! ```

use std::env;

use anyhow::{Context, Result};
use testbed::{CLASSES, Split, image_sheet, mask_sheet, scene};

fn main() -> Result<()> {
    let mut paths = env::args_os().skip(1);
    let mut path = || paths.next().context("usage: sheet IMAGES.png MASKS.png");
    let scenes: Vec<_> = (0..100).map(|index| scene(0, Split::Heldout, index)).collect();
    image_sheet(&scenes, CLASSES.len()).save(path()?)?;
    mask_sheet(&scenes, CLASSES.len()).save(path()?)?;
    Ok(())
}
