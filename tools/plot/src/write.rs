//! From a figure to files.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use figures::{Figure, Theme};
use pipe::Usage;

use crate::args::Args;

/// A file that is asked for.
pub struct Place<'a> {
    path: &'a Path,
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Svg,
    Png,
}

/// The files that are asked for.
///
/// # Errors
///
/// If a name ends neither in `.svg` nor in `.png`, or is, or its numbers would be, one of the tables that are read.
pub fn places(args: &Args) -> Result<Vec<Place<'_>>> {
    let place = |path: &'_ PathBuf| {
        let suffix = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
        let format = match suffix.as_deref() {
            Some("svg") => Format::Svg,
            Some("png") => Format::Png,
            _ => return Err(Usage(format!("{}: a figure is called .svg or .png", path.display())).into()),
        };
        for written in [path.clone(), numbers_of(path)] {
            let read = |file: &PathBuf| {
                fs::canonicalize(file).ok().is_some_and(|read| fs::canonicalize(&written).ok() == Some(read))
            };
            if args.files.iter().any(read) {
                return Err(Usage(format!("{} is read, and would be replaced", written.display())).into());
            }
        }
        Ok(format)
    };
    args.out.iter().map(|path| place(path).map(|format| Place { path, format })).collect()
}

/// Where the numbers go: beside the figure, under its whole name, so that `rank.csv` is not replaced by those of `rank.svg`.
fn numbers_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".csv");
    name.into()
}

/// Writes the figure into all files, or to standard output if there are none.
///
/// # Errors
///
/// If a file cannot be written, or a PNG would be too large.
pub fn write(figure: &Figure, places: &[Place<'_>], args: &Args) -> Result<()> {
    let lacks = figure.lacks();
    if !lacks.is_empty() && places.iter().any(|place| place.format == Format::Png) {
        pipe::note(format_args!(
            "the PNG cannot show {}: the embedded font lacks them",
            lacks.iter().collect::<String>()
        ));
    }
    for Place { path, format } in places {
        let bytes = match format {
            Format::Svg => figure.svg(Theme::Paper).into_bytes(),
            Format::Png => figure.png(args.scale).with_context(|| format!("{}", path.display()))?,
        };
        // The numbers first: a figure that is there has them.
        for (path, bytes) in [(numbers_of(path), figure.numbers().csv()), (path.to_path_buf(), bytes)] {
            pipe::atomic::write(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    if places.is_empty() {
        let mut out = pipe::stdout();
        out.write_all(figure.svg(Theme::Paper).as_bytes())?;
        out.flush()?;
    }
    Ok(())
}
