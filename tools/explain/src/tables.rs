//! Tables of images: with a header, ImageNet's `val.txt`, Kaggle's solutions.

use std::io::{BufRead, Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use pipe::{Class, Extra, Image as Row, Tables, input_name};

use crate::class_names::is_synset;
use crate::kaggle;
use crate::list::Rows;

/// Where a table is read from.
pub type Input = Box<dyn BufRead + Send>;

/// Whether a file is a table, by its ending.
pub fn is_table(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    [".csv", ".txt"].iter().any(|ending| name.ends_with(ending))
}

/// Reads a table; names in it are relative to `root`.
///
/// # Errors
/// If it is none.
pub fn read(path: &Path, root: Option<&Path>) -> Result<Rows> {
    const LONGEST: u64 = 1 << 16;
    let mut input = pipe::input(path)?;
    let mut first = Vec::new();
    input.by_ref().take(LONGEST).read_until(b'\n', &mut first).with_context(|| input_name(path))?;
    let kind = Kind::of(&String::from_utf8_lossy(&first));
    let input: Input = Box::new(Cursor::new(first).chain(input));
    let mut rows = match kind {
        Kind::Named => named(path, input)?,
        Kind::Plain => plain(path, input)?,
        Kind::Solution => kaggle::read(path, input)?,
    };
    if let Some(root) = root {
        for (row, _) in rows.rows.iter_mut().filter(|(row, _)| testbed::image(&row.image).is_none()) {
            row.image = root.join(&row.image).to_string_lossy().into_owned();
            if !row.mask.is_empty() {
                row.mask = root.join(&row.mask).to_string_lossy().into_owned();
            }
        }
    }
    Ok(rows)
}

/// What the first line says about the others.
#[derive(Debug, PartialEq)]
enum Kind {
    /// Columns have names.
    Named,
    /// `NAME CLASS`, without a header: ImageNet's `val.txt`.
    Plain,
    /// Kaggle's `ImageId,PredictionString`.
    Solution,
}

impl Kind {
    fn of(line: &str) -> Self {
        let line = line.trim_start_matches('\u{feff}').trim();
        let mut columns = line.split(',').map(|name| name.trim().trim_matches('"'));
        if line.contains(',') && columns.all(|name| matches!(name, "ImageId" | "PredictionString")) {
            return Self::Solution;
        }
        let class = line.rsplit_once(char::is_whitespace).map(|(_, class)| class);
        let is_class = class.is_some_and(|class| is_synset(class) || class.parse::<usize>().is_ok());
        if is_class && !line.contains([',', '"']) { Self::Plain } else { Self::Named }
    }
}

fn named(path: &Path, input: Input) -> Result<Rows> {
    let table = Tables::from_input(path, input)?.rows::<Row>()?;
    let extra = table.extra_names().to_vec();
    let flawed = |row: Result<(Row, Option<pipe::Error>)>| {
        row.map(|(row, flaw)| (row, flaw.map(|flaw| flaw.to_string())))
    };
    Ok(Rows { rows: table.with_flaws().map(flawed).collect::<Result<_>>()?, extra })
}

fn plain(path: &Path, mut input: Input) -> Result<Rows> {
    let (mut rows, mut bytes, mut number) = (Vec::new(), Vec::new(), 0);
    while input.read_until(b'\n', &mut bytes).with_context(|| input_name(path))? > 0 {
        number += 1;
        let place = || format!("{}, line {number}", input_name(path));
        if !bytes.ends_with(b"\n") {
            bail!(
                "{}: the last line has no line end, so the list may have been cut off there; if it is whole, end it with a newline",
                place()
            );
        }
        let text = String::from_utf8_lossy(&bytes);
        let line = text.trim_start_matches('\u{feff}').trim();
        if !line.is_empty() {
            let flaw = std::str::from_utf8(&bytes).is_err().then(|| format!("{}: not valid UTF-8", place()));
            let (row, wrong) = plain_row(line);
            rows.push((row, flaw.or_else(|| wrong.map(|wrong| format!("{}: {wrong}", place())))));
        }
        bytes.clear();
    }
    Ok(Rows { rows, extra: vec!["label".into()] })
}

fn plain_row(line: &str) -> (Row, Option<String>) {
    let (image, class) = line.rsplit_once(char::is_whitespace).unwrap_or((line, ""));
    let label = <Option<Class> as pipe::Cell>::parse(class);
    let flaw = match &label {
        Some(Some(_)) => None,
        _ => Some(format!("{line:?} is not a name and a class")),
    };
    let row = labelled(image.trim_end().to_owned(), label.flatten(), class);
    (row, flaw)
}

/// A row with a label as it stands in the list.
pub fn labelled(image: String, label: Option<Class>, text: &str) -> Row {
    let mut extra = Extra::default();
    extra.set("label", text.to_owned());
    Row { image, label, target: None, boxes: None, mask: String::new(), extra }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_a_table_is() {
        for (line, kind) in [
            ("image,label", Kind::Named),
            ("\u{feff}image", Kind::Named),
            ("ImageId,PredictionString\r\n", Kind::Solution),
            ("ILSVRC2012_val_00000001.JPEG 65\n", Kind::Plain),
            ("\u{feff}val/my cat.JPEG\tn02123045", Kind::Plain),
            ("image label", Kind::Named),
            ("a.png", Kind::Named),
            ("", Kind::Named),
        ] {
            assert_eq!(Kind::of(line), kind, "{line:?}");
        }
    }
}
