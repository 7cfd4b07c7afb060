//! The list of pictures, from the command line or from a table.

use anyhow::{Result, bail};
use models::Classifier;
use pipe::{BoundingBox, Boxes, Extra, Picture as Row, Rows, Usage};

use crate::args::Args;

/// All pictures of a run and the names of the columns that travel with them.
pub struct List {
    pub pictures: Vec<Row>,
    pub extra: Vec<String>,
}

impl List {
    /// The columns that travel with the maps: the list's own, and the name of the class if there are names.
    pub fn columns(&self, classifier: &Classifier) -> Vec<String> {
        let mut columns = self.extra.clone();
        if !classifier.labels.is_empty() && !columns.iter().any(|name| name == "class") {
            columns.push("class".into());
        }
        columns
    }
}

/// Reads the list.
pub fn list(args: &Args) -> Result<List> {
    if !args.pictures.is_empty() {
        return Ok(named(&args.pictures));
    }
    let file = args.images.clone().unwrap_or_else(|| "-".into());
    if args.npy {
        bail!(Usage("--npy takes pictures on the command line".into()));
    }
    let rows = Rows::<Row>::open(&[file])?;
    let extra = rows.extra_names().to_vec();
    Ok(List { pictures: rows.collect::<Result<_, _>>()?, extra })
}

/// Pictures by name; `testbed` is all embedded ones, which bring their labels and boxes.
fn named(names: &[String]) -> List {
    let all = |name: &String| if name == "testbed" { testbed::names() } else { vec![name.clone()] };
    let names: Vec<String> = names.iter().flat_map(all).collect();
    let pictures: Vec<Row> = names.into_iter().map(picture).collect();
    let known = pictures.iter().any(|picture| picture.label.is_some());
    let extra = if known { vec!["label".into(), "boxes".into()] } else { Vec::new() };
    List { pictures, extra }
}

fn picture(image: String) -> Row {
    let mut row = Row { label: None, target: None, boxes: None, extra: Extra::default(), image };
    if let Some(scene) = testbed::picture(&row.image) {
        let bounds = scene.objects.iter().map(|object| object.bounds.map(f64::from));
        let boxes = Boxes(bounds.map(|[x0, y0, x1, y1]| BoundingBox { x0, y0, x1, y1 }).collect());
        row.extra.set("label", scene.label.to_string());
        row.extra.set("boxes", boxes.to_string());
        row.label = Some(scene.label);
        row.boxes = Some(boxes);
    }
    row
}
