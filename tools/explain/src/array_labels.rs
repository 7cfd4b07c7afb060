//! Labels of the images of an array: in a table without a column `image`, or in an array of numbers.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Result, bail};
use pipe::{Cells, Class, Column, Image as Row, Line, Tables, Usage, input_name};

use crate::list::Rows;
use crate::tables::labelled;

/// A row of a table without a column `image`: in the order of the images, or with their places in
/// a column `index`.
struct OfArray {
    index: Option<usize>,
    row: Row,
}

impl pipe::Row for OfArray {
    const COLUMNS: &'static [Column] = &[
        Column::carried("index"),
        Column::carried("label"),
        Column::optional("target"),
        Column::carried("boxes"),
        Column::carried("mask"),
    ];
    const LATER: &'static [&'static str] = Row::LATER;

    fn read(line: &mut Line<'_>) -> Result<Self, pipe::Error> {
        let index = line.value()?;
        let (label, target, boxes, mask) = (line.value()?, line.value()?, line.value()?, line.value()?);
        Ok(Self { index, row: Row { image: String::new(), label, target, boxes, mask, extra: line.extra() } })
    }

    fn write(&self, _: &mut Cells<'_>) {}
}

/// The images of an array with what a table says about them.
///
/// # Errors
/// If that is not what is named, or the table has not a row for each image.
pub fn read(images: &[OsString], table: &Path) -> Result<Rows> {
    let array = match images {
        [name] => name.to_str().filter(|name| setup::is_array(name) && !name.contains('#')),
        _ => None,
    };
    let Some(array) = array else {
        bail!(Usage(
            "--images takes the place of the images, unless these are one array (.npy, .npz)".into()
        ));
    };
    let length = setup::array_length(array)?;
    let (mut rows, in_order) =
        if table.to_str().is_some_and(setup::is_array) { labels(table)? } else { places(table)? };
    if in_order && rows.rows.len() != length {
        bail!("{}: {} rows, where {array} holds {length} images", input_name(table), rows.rows.len());
    }
    for (row, _) in &mut rows.rows {
        row.image.insert_str(0, &format!("{array}#"));
    }
    Ok(rows)
}

/// Rows that have their image's place as their name, and whether that is their order.
fn places(path: &Path) -> Result<(Rows, bool)> {
    let tables = Tables::open(&[path])?;
    if tables.have("image") {
        bail!(Usage(format!("{} names its images in a column `image`; name no others", input_name(path))));
    }
    let in_order = !tables.have("index");
    let table = tables.rows::<OfArray>()?;
    let extra = table.extra_names().to_vec();
    let mut rows = Vec::new();
    for (place, read) in table.with_flaws().enumerate() {
        let (OfArray { index, row }, flaw) = read?;
        let flaw = flaw.map(|flaw| flaw.to_string());
        let lost =
            (!in_order && index.is_none()).then(|| format!("{}: a row has no index", input_name(path)));
        let image = if in_order {
            place.to_string()
        } else {
            index.map(|index| index.to_string()).unwrap_or_default()
        };
        rows.push((Row { image, ..row }, flaw.or(lost)));
    }
    Ok((Rows { rows, extra }, in_order))
}

/// An array of class numbers.
fn labels(path: &Path) -> Result<(Rows, bool)> {
    let array = pipe::npy::read_file(path)?;
    if !matches!(array.shape[..], [_] | [_, 1]) {
        bail!("{}: labels are an array of one axis", path.display());
    }
    let row = |(place, value): (usize, &f32)| {
        let text = value.to_string();
        let label = <Option<Class> as pipe::Cell>::parse(&text);
        let flaw = label.is_none().then(|| format!("{}, {place}: {text} is no class", path.display()));
        (labelled(place.to_string(), label.flatten(), &text), flaw)
    };
    Ok((Rows { rows: array.data.iter().enumerate().map(row).collect(), extra: vec!["label".into()] }, true))
}
