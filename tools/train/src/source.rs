//! Where images and labels come from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use images::{Image, ImageError};
use models::Preprocess;
use pipe::{Class, Image as Row, Tables, Usage};
use setup::Folder;
use testbed::Split;

use crate::cifar10::{self, Cifar10};

/// Which part of a source that has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// To train on.
    Training,
    /// To measure on.
    Heldout,
}

/// Images, not opened yet, and what each is.
pub struct Listing {
    /// The names of the classes.
    pub classes: Vec<String>,
    /// The class of each image.
    pub labels: Vec<usize>,
    images: Images,
}

enum Images {
    Named(Vec<String>),
    Cifar10(Cifar10),
    Testbed { seed: u64, split: Split },
}

impl Listing {
    /// What a source holds; `known` are the classes of the training images where these are others, `count` how many images the
    /// testbed shall draw.
    ///
    /// # Errors
    /// If it cannot be read or there is something wrong with its labels.
    pub fn read(
        source: &Path,
        part: Part,
        known: Option<&[String]>,
        seed: u64,
        count: Option<usize>,
    ) -> Result<Self> {
        let listing = if source == Path::new("testbed") {
            Self::testbed(part, seed, count)?
        } else if cifar10::is(source) {
            let images = Cifar10::open(source, part)?;
            let classes = cifar10::CLASSES.map(String::from).to_vec();
            Self { classes, labels: images.labels.clone(), images: Images::Cifar10(images) }
        } else if source.is_dir() {
            folder(source, known)?
        } else {
            table(source, known)?
        };
        if let Some(known) = known {
            ensure!(
                listing.classes == known,
                "{}: the classes are {}, and those of the training images {}",
                source.display(),
                listing.classes.join(", "),
                known.join(", ")
            );
        }
        Ok(listing)
    }

    /// The images of a source, whatever they show: also those of a folder without classes and of a table without labels.
    ///
    /// # Errors
    /// If it cannot be read, or there is no image in it.
    pub fn unlabelled(source: &Path, part: Part, seed: u64, count: Option<usize>) -> Result<Self> {
        let names = if source == Path::new("testbed") || cifar10::is(source) {
            return Self::read(source, part, None, seed, count);
        } else if source.is_dir() {
            let images = Folder::read(source).context("cannot look for images")?.images;
            if images.is_empty() {
                return folder(source, None);
            }
            images.iter().map(|image| name(image)).collect::<Result<Vec<_>>>()?
        } else {
            let rows = Tables::open(&[source])?.rows::<Row>()?;
            rows.map(|row| Ok(row?.image)).collect::<Result<_>>()?
        };
        ensure!(!names.is_empty(), "{}: there is no image", source.display());
        let (classes, labels) = (vec!["image".to_owned()], vec![0; names.len()]);
        Ok(Self { classes, labels, images: Images::Named(names) })
    }

    fn testbed(part: Part, seed: u64, count: Option<usize>) -> Result<Self> {
        let (split, count) = match (part, count) {
            (Part::Heldout, _) => (Split::Heldout, 2000),
            (Part::Training, Some(count)) => (Split::Train, count),
            (Part::Training, None) => {
                bail!(Usage("the testbed draws as many images as it is asked for: --count N".into()))
            }
        };
        let labels = (0..count as u64).map(|index| testbed::scene(seed, split, index).label).collect();
        let classes = testbed::CLASSES.map(String::from).to_vec();
        Ok(Self { classes, labels, images: Images::Testbed { seed, split } })
    }

    /// Opens and prepares an image.
    ///
    /// # Errors
    /// If it cannot be read; the message names it.
    pub fn open(&self, at: usize, preprocess: &Preprocess) -> Result<Image, ImageError> {
        match &self.images {
            Images::Named(names) => setup::open(&names[at], preprocess),
            Images::Cifar10(images) => Image::prepare(&images.name(at), &images.image(at), preprocess),
            Images::Testbed { seed, split } => {
                let scene = testbed::scene(*seed, *split, at as u64);
                Image::prepare(&format!("testbed image {at}"), &scene.image, preprocess)
            }
        }
    }
}

/// A folder for each class.
fn folder(path: &Path, known: Option<&[String]>) -> Result<Listing> {
    let unreadable = || format!("cannot read {}", path.display());
    let mut folders: Vec<(String, PathBuf)> = Vec::new();
    let mut beside = Vec::new();
    for entry in fs::read_dir(path).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match path.is_dir() {
            _ if name.starts_with('.') => {}
            true => folders.push((name, path)),
            false => beside.push(name),
        }
    }
    ensure!(!folders.is_empty(), "{}: there is no folder of a class in it", path.display());
    folders.sort();
    if let Some(first) = beside.iter().min() {
        let (path, count) = (path.display(), beside.len());
        pipe::note(format_args!(
            "{path}: {count} files beside the folders of classes are passed over, such as {first}"
        ));
    }
    let classes =
        known.map_or_else(|| folders.iter().map(|(name, _)| name.clone()).collect(), <[String]>::to_vec);
    let (mut names, mut labels) = (Vec::new(), Vec::new());
    for (class, folder) in folders {
        let label = classes.iter().position(|known| *known == class);
        let label = label
            .with_context(|| format!("{}: {class} is no class of the training images", folder.display()))?;
        let images = Folder::read(&folder).context("cannot look for images")?.images;
        ensure!(!images.is_empty(), "{}: the class has no image", folder.display());
        for image in images {
            names.push(name(&image)?);
            labels.push(label);
        }
    }
    Ok(Listing { classes, labels, images: Images::Named(names) })
}

/// A path as tables have it.
fn name(image: &Path) -> Result<String> {
    let name = image.to_str().with_context(|| format!("{}: its name is not valid UTF-8", image.display()))?;
    Ok(name.to_owned())
}

/// A table with the columns `image` and `label`: all labels numbers from 0, or all names.
fn table(path: &Path, known: Option<&[String]>) -> Result<Listing> {
    let (mut names, mut found) = (Vec::new(), Vec::new());
    for row in Tables::open(&[path])?.rows::<Row>()? {
        let Row { image, label, .. } = row?;
        let Some(label) = label else { bail!("{}: {image} has no label", path.display()) };
        names.push(image);
        found.push(label);
    }
    let classes = known.map_or_else(|| classes(path, &names, &found), |known| Ok(known.to_vec()))?;
    let number = |(image, label): (&String, &Class)| match label {
        Class::Number(number) if *number < classes.len() => Ok(*number),
        Class::Name(name) if classes.contains(name) => {
            Ok(classes.iter().position(|class| class == name).unwrap_or_default())
        }
        Class::Number(number) => {
            bail!("{}: label {number} of {image} is no class: there are {}", path.display(), classes.len())
        }
        Class::Name(name) => {
            bail!("{}: label `{name}` of {image} is no class of the training images", path.display())
        }
    };
    let labels = names.iter().zip(&found).map(number).collect::<Result<_>>()?;
    Ok(Listing { classes, labels, images: Images::Named(names) })
}

/// The classes that labels speak of.
fn classes(path: &Path, images: &[String], labels: &[Class]) -> Result<Vec<String>> {
    let numbers: Vec<usize> = labels
        .iter()
        .filter_map(|label| if let Class::Number(number) = label { Some(*number) } else { None })
        .collect();
    if numbers.len() < labels.len() {
        if let Some(at) = labels.iter().position(|label| matches!(label, Class::Number(_))) {
            let (path, image) = (path.display(), &images[at]);
            bail!("{path}: the label of {image} is the number {}, and others are names", numbers[0]);
        }
        let mut names: Vec<String> = labels
            .iter()
            .filter_map(|label| if let Class::Name(name) = label { Some(name.clone()) } else { None })
            .collect();
        names.sort();
        names.dedup();
        return Ok(names);
    }
    let highest =
        numbers.iter().copied().max().with_context(|| format!("{}: there is no image", path.display()))?;
    // A number of classes that no labels can fill is a slip, and would be a head of any size.
    let mut missing = (0..=highest.min(numbers.len())).filter(|class| !numbers.contains(class));
    if let Some(class) = missing.next() {
        bail!("{}: class {class} has no image, and the labels go up to {highest}", path.display());
    }
    Ok((0..=highest).map(|class| class.to_string()).collect())
}
