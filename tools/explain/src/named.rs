//! Images that are named on the command line: one by one, in folders, in tables, in arrays.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::{Context, Result, bail};
use pipe::{BoundingBox, Boxes, Class, Extra, Image as Row};
use setup::Folder;

use crate::list::Rows;
use crate::tables;

/// Why a name cannot stand in a table.
const NOT_TEXT: &str = "its name is not valid UTF-8, as a table's cells are: rename it";

/// Reads what each name stands for; `testbed` is all embedded images, which bring their labels and boxes.
pub fn read(names: &[OsString], root: Option<&Path>) -> Result<Rows> {
    let mut all = Rows::default();
    for name in names {
        all.append(one(name, root)?);
    }
    Ok(all)
}

fn one(name: &OsStr, root: Option<&Path>) -> Result<Rows> {
    let path = Path::new(name);
    if name == "testbed" {
        return Ok(rows(testbed::names().into_iter().map(|name| (image(name), None))));
    }
    if path.is_dir() {
        return folder(path);
    }
    match name.to_str() {
        Some(name) if setup::is_array(name) => Ok(array(name)),
        Some(_) if tables::is_table(path) => tables::read(path, root),
        _ => Ok(rows([file(name)])),
    }
}

/// Rows by name; those of embedded images know their labels and boxes.
fn rows(rows: impl IntoIterator<Item = (Row, Option<String>)>) -> Rows {
    let rows: Vec<_> = rows.into_iter().collect();
    let known = rows.iter().any(|(row, _)| row.label.is_some());
    Rows { rows, extra: if known { vec!["label".into(), "boxes".into()] } else { Vec::new() } }
}

fn file(name: &OsStr) -> (Row, Option<String>) {
    let flaw = name.to_str().is_none().then(|| NOT_TEXT.to_owned());
    (image(name.to_string_lossy().into_owned()), flaw)
}

fn folder(path: &Path) -> Result<Rows> {
    let Folder { images, others } = Folder::read(path).context("cannot look for images")?;
    if images.is_empty() {
        bail!("{}: there is no image in the folder", path.display());
    }
    if let Some(first) = others.first() {
        let (count, first) = (others.len(), first.display());
        pipe::note(format_args!(
            "{}: {count} files are no images and are passed over, such as {first}",
            path.display()
        ));
    }
    Ok(rows(images.iter().map(|path| file(path.as_os_str()))))
}

/// All images of an array. One that cannot be read is one image that cannot.
fn array(name: &str) -> Rows {
    if !Path::new(name).exists() || name.contains('#') {
        return rows([file(name.as_ref())]);
    }
    match setup::array_length(name) {
        Ok(length) => rows((0..length).map(|index| (image(format!("{name}#{index}")), None))),
        Err(error) => rows([(image(name.to_owned()), Some(error.reason))]),
    }
}

fn image(image: String) -> Row {
    let mut row =
        Row { extra: Extra::default(), label: None, target: None, boxes: None, mask: String::new(), image };
    if let Some(scene) = testbed::image(&row.image) {
        let bounds = scene.objects.iter().map(|object| object.bounds.map(f64::from));
        let boxes = Boxes(bounds.map(|[x0, y0, x1, y1]| BoundingBox { x0, y0, x1, y1 }).collect());
        row.extra.set("label", scene.label.to_string());
        row.extra.set("boxes", boxes.to_string());
        row.label = Some(Class::Number(scene.label));
        row.boxes = Some(boxes);
    }
    row
}
