//! The list of images, from the command line or from a table.

use anyhow::{Result, bail};
use models::Classifier;
use pipe::{BoundingBox, Boxes, Extra, Image as Row, Rows, Usage};

use crate::args::Args;

/// All images of a run and the names of the columns that travel with them.
pub struct List {
    pub images: Vec<Row>,
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
    if !args.images.is_empty() {
        return Ok(named(&args.images));
    }
    let file = args.table.clone().unwrap_or_else(|| "-".into());
    if args.npy {
        bail!(Usage("--npy takes images on the command line".into()));
    }
    let rows = Rows::<Row>::open(&[file])?;
    let extra = rows.extra_names().to_vec();
    Ok(List { images: rows.collect::<Result<_, _>>()?, extra })
}

/// Images by name; `testbed` is all embedded ones, which bring their labels and boxes.
fn named(names: &[String]) -> List {
    let all = |name: &String| if name == "testbed" { testbed::names() } else { vec![name.clone()] };
    let names: Vec<String> = names.iter().flat_map(all).collect();
    let images: Vec<Row> = names.into_iter().map(image).collect();
    let known = images.iter().any(|image| image.label.is_some());
    let extra = if known { vec!["label".into(), "boxes".into()] } else { Vec::new() };
    List { images, extra }
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
