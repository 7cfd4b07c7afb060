//! One image of the list: which class is explained, and the row of its map.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use images::{Geometry, Image};
use models::{Classifier, Tensor};
use pipe::{BoundingBox, Boxes, Explained, Item as Outcome};

use crate::list::{List, Listed};

/// An image that is ready to be explained.
pub struct Item {
    /// The number of its chunk.
    pub chunk: usize,
    /// Its place in the chunk.
    pub row: usize,
    /// The path of the image.
    pub name: String,
    /// The image as the network sees it.
    pub image: Image,
    /// The class to explain; nothing if it is the predicted one.
    pub class: Option<usize>,
}

/// The class that is asked for; nothing if it is the predicted one.
pub fn class(asked: &str, classes: usize) -> Result<Option<usize>> {
    match asked {
        "predicted" => return Ok(None),
        "label" => bail!("--target label, but the image has no label"),
        _ => {}
    }
    let class: usize = asked.parse().context("a class is a number")?;
    if class >= classes {
        bail!("class {class}, but the model has {classes} classes, counted from 0");
    }
    Ok(Some(class))
}

/// The class to explain in each image of a group; the network is asked only where it has to be. Nothing is an image
/// whose scores are not finite, so that no class is the predicted one.
pub fn targets(classifier: &Classifier, group: &[Item], images: &Tensor<4>) -> Vec<Option<usize>> {
    let asked: Vec<usize> = (0..group.len()).filter(|&i| group[i].class.is_none()).collect();
    if asked.is_empty() {
        return group.iter().map(|item| item.class).collect();
    }
    let one = |&i: &usize| images.clone().narrow(0, i, 1);
    let scores = classifier.logits(Tensor::cat(asked.iter().map(one).collect(), 0));
    let best = scores.clone().argmax(1).into_data();
    // The sum of all scores is finite only if each one is.
    let sums = scores.abs().sum_dim(1).into_data();
    let best = best.iter::<i64>().zip(sums.iter::<f32>());
    let mut best = best.map(|(class, sum)| sum.is_finite().then_some(class as usize));
    group.iter().map(|item| item.class.or_else(|| best.next().flatten())).collect()
}

impl Item {
    /// Height and width as the network sees them.
    pub fn size(&self) -> [usize; 2] {
        [self.image.height, self.image.width]
    }
}

/// The row of a map, or of the reason why there is none.
pub fn row(
    list: &List,
    item: &Listed,
    method: &str,
    classifier: &Classifier,
    (outcome, map): (&Outcome, Option<PathBuf>),
) -> Result<Explained> {
    let mut extra = item.row.extra.clone();
    extra.set("list", list.key.clone());
    if let Some(name) = outcome.target.and_then(|target| classifier.labels.get(target)) {
        extra.set("class", name.clone());
    }
    if let (Some(boxes), Some(geometry)) = (&item.row.boxes, &outcome.geometry) {
        let geometry = serde_json::from_value(geometry.clone()).context("the geometry of a sidecar")?;
        extra.set("boxes", place(boxes, &geometry).to_string());
    }
    Ok(Explained {
        image: item.row.image.clone(),
        target: outcome.target,
        model: classifier.key(),
        method: method.into(),
        map: map.map(|path| path.display().to_string()).unwrap_or_default(),
        map_index: outcome.map.map(|(_, index)| index),
        reason: outcome.failure.as_ref().map(|(stage, why)| format!("{stage}: {why}")).unwrap_or_default(),
        extra,
    })
}

/// Boxes moved with the image's resize and crop: what is left of them in the map.
fn place(boxes: &Boxes, geometry: &Geometry) -> Boxes {
    let left = boxes.0.iter().filter_map(|b| {
        let placed = geometry.place_box([b.x0, b.y0, b.x1, b.y1].map(|x| x as f32))?;
        let [x0, y0, x1, y1] = placed.map(pipe::from_f32);
        Some(BoundingBox { x0, y0, x1, y1 })
    });
    Boxes(left.collect())
}

/// The maps of a group on the host.
pub struct Maps {
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// One of them: `(h, w)`, or `(c, h, w)` if channels were kept.
#[derive(Clone, Copy)]
pub struct Map<'a> {
    pub shape: &'a [usize],
    pub values: &'a [f32],
}

impl Maps {
    pub fn new(maps: Tensor<4>) -> Result<Self> {
        let [_, c, h, w] = maps.dims();
        let shape = if c == 1 { vec![h, w] } else { vec![c, h, w] };
        Ok(Self { shape, values: maps.into_data().try_into_vec().context("maps are f32")? })
    }

    pub fn iter(&self) -> impl Iterator<Item = Map<'_>> {
        let size = self.shape.iter().product();
        self.values.chunks(size).map(|values| Map { shape: &self.shape, values })
    }
}
