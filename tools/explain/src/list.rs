//! The list of images, from the command line or from a table, and what is asked about each.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::{Result, bail};
use pipe::{BoundingBox, Boxes, Extra, Image as Row, Rows, Usage};
use setup::Target;

use crate::args::Args;

/// Columns of the stages: a user's own column of such a name is called `user.NAME` from here on.
const RESERVED: [&str; 17] = [
    "model",
    "method",
    "map",
    "map_index",
    "reason",
    "list",
    "class",
    "test",
    "point",
    "points",
    "fraction",
    "probability",
    "predicted",
    "metric",
    "direction",
    "value",
    "rank",
];

/// An image of the list.
pub struct Listed {
    /// Its row.
    pub row: Row,
    /// The class that is asked for: `predicted`, or a number; `label` if there is none.
    pub asked: String,
}

/// All images of a run and the names of the columns that travel with them.
pub struct List {
    /// In order, each (image, class asked for) once.
    pub images: Vec<Listed>,
    /// Those that were there already.
    pub doubled: Vec<Row>,
    /// The columns that the rows carry.
    pub extra: Vec<String>,
    /// The value of the column `list`.
    pub key: String,
}

impl List {
    fn new(rows: Vec<Row>, extra: Vec<String>, target: Target) -> Self {
        let (mut images, mut doubled, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for row in rows {
            let asked = asked(target, &row);
            if seen.insert((row.image.clone(), asked.clone())) {
                images.push(Listed { row, asked });
            } else {
                doubled.push(row);
            }
        }
        let key = pipe::list_key(images.iter().map(|item| (item.row.image.as_str(), item.asked.as_str())));
        Self { images, doubled, extra, key }
    }

    /// The columns that travel with the maps: the list's own, its key, and the name of the class if there are names.
    pub fn columns(&self, has_names: bool) -> Vec<String> {
        let mut columns = vec!["list".to_owned()];
        columns.extend(self.extra.iter().cloned());
        columns.extend(has_names.then(|| "class".to_owned()));
        columns
    }
}

/// What is asked about a row: its own target has precedence over `--target`.
fn asked(target: Target, row: &Row) -> String {
    let class = match target {
        _ if row.target.is_some() => row.target,
        Target::Label => row.label,
        Target::Class(class) => Some(class),
        Target::Predicted => None,
    };
    class.map_or_else(|| target.to_string(), |class| class.to_string())
}

/// Reads the list.
pub fn list(args: &Args) -> Result<List> {
    let (rows, extra) = if args.images.is_empty() { table(args)? } else { named(&args.images) };
    rows.iter().try_for_each(|row| args.model.check_image(&row.image))?;
    Ok(List::new(rows, extra, args.target))
}

fn table(args: &Args) -> Result<(Vec<Row>, Vec<String>)> {
    if args.npy {
        bail!(Usage("--npy takes images on the command line".into()));
    }
    let rows = Rows::<Row>::open(&[args.table.clone().unwrap_or_else(|| "-".into())])?;
    let own =
        |name: &String| if RESERVED.contains(&name.as_str()) { format!("user.{name}") } else { name.clone() };
    let names: Arc<[String]> = rows.extra_names().iter().map(own).collect();
    let renamed = |row: Result<Row>| row.map(|row| Row { extra: row.extra.renamed(&names), ..row });
    let rows = rows.map(renamed).collect::<Result<_>>()?;
    Ok((rows, names.to_vec()))
}

/// Images by name; `testbed` is all embedded ones, which bring their labels and boxes.
fn named(names: &[String]) -> (Vec<Row>, Vec<String>) {
    let all = |name: &String| if name == "testbed" { testbed::names() } else { vec![name.clone()] };
    let names: Vec<String> = names.iter().flat_map(all).collect();
    let images: Vec<Row> = names.into_iter().map(image).collect();
    let known = images.iter().any(|image| image.label.is_some());
    let extra = if known { vec!["label".into(), "boxes".into()] } else { Vec::new() };
    (images, extra)
}

fn image(image: String) -> Row {
    let mut row = Row { label: None, target: None, boxes: None, extra: Extra::default(), image };
    if let Some(scene) = testbed::image(&row.image) {
        let bounds = scene.objects.iter().map(|object| object.bounds.map(f64::from));
        let boxes = Boxes(bounds.map(|[x0, y0, x1, y1]| BoundingBox { x0, y0, x1, y1 }).collect());
        row.extra.set("label", scene.label.to_string());
        row.extra.set("boxes", boxes.to_string());
        row.label = Some(scene.label);
        row.boxes = Some(boxes);
    }
    row
}
