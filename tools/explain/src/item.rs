//! One image of the list: which class is explained, and the row of its map.

use std::path::PathBuf;

use anyhow::{Context, Error, Result, bail};
use images::{Geometry, Image, Preprocess};
use models::{Classifier, Tensor};
use pipe::{BoundingBox, Boxes, Explained, Item as Outcome, KeptImage};
use setup::{Target, ranked};

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
    pub input: Input,
    /// The class to explain, by its number or by the rank of its score.
    pub class: Target,
}

/// An image as the network takes it.
pub struct Input {
    /// Normalised planes, (C, H, W).
    pub planes: Vec<f32>,
    /// Height and width.
    pub size: [usize; 2],
    /// Which image it is.
    pub hash: String,
    /// How it came into the frame.
    pub geometry: Geometry,
}

impl Input {
    /// Normalises an image.
    pub fn new(image: &Image, preprocess: &Preprocess) -> Self {
        let (planes, hash) = (preprocess.normalise(image), image.hash.clone());
        Self { planes, size: image.size(), hash, geometry: image.geometry }
    }

    /// Takes an image that was kept, as it is.
    ///
    /// # Errors
    /// If it has other channels than the network takes.
    pub fn kept(image: KeptImage, preprocess: &Preprocess) -> Result<Self, String> {
        let [channels, height, width] = image.shape;
        let expected = preprocess.channels.count();
        if channels != expected {
            return Err(format!("it has {channels} channels, the network takes {expected}"));
        }
        let size = [height, width];
        Ok(Self { planes: image.values, size, hash: image.hash, geometry: Geometry::same(size) })
    }
}

/// The class that is asked for, if a model of so many classes has it.
pub fn class(asked: &str, classes: usize) -> Result<Target> {
    let target = asked.parse().map_err(Error::msg)?;
    match target {
        Target::Label => bail!("--target label, but the image has no label"),
        Target::Class(class) if class >= classes => {
            bail!("class {class}, but the model has {classes} classes, counted from 0")
        }
        Target::Rank(rank) if rank > classes => {
            bail!("--target {target}, but the model has {classes} classes")
        }
        _ => Ok(target),
    }
}

/// The class to explain in each image of a group; the network is asked only where it has to be. Nothing is an image
/// whose scores are not finite, so that none has a rank.
pub fn targets(classifier: &Classifier, group: &[Item], images: &Tensor<4>) -> Result<Vec<Option<usize>>> {
    let is_asked = |item: &Item| matches!(item.class, Target::Rank(_));
    let asked: Vec<usize> = (0..group.len()).filter(|&i| is_asked(&group[i])).collect();
    let mut scores = Vec::new();
    if !asked.is_empty() {
        let one = |&i: &usize| images.clone().narrow(0, i, 1);
        let logits = classifier.logits(Tensor::cat(asked.iter().map(one).collect(), 0));
        scores = logits.into_data().try_into_vec().context("scores are f32")?;
    }
    let mut scores = scores.chunks(classifier.network.classes());
    let class = |item: &Item| match item.class {
        Target::Rank(rank) => scores.next().and_then(|scores| ranked(scores, rank)),
        Target::Class(class) => Some(class),
        Target::Label => None,
    };
    Ok(group.iter().map(class).collect())
}

impl Item {
    /// Height and width as the network sees them.
    pub fn size(&self) -> [usize; 2] {
        self.input.size
    }
}

/// The row of a map, or of the reason why there is none; `mask` is the path of the image's mask in the map's frame, if any.
pub fn row(
    list: &List,
    item: &Listed,
    method: &str,
    classifier: &Classifier,
    (outcome, map): (&Outcome, Option<PathBuf>),
    mask: &str,
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
    if !item.row.mask.is_empty() {
        extra.set("mask", mask.to_owned());
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
