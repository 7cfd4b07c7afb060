//! `--boxes`: where the objects are, by the files of a data set.

mod voc;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use pipe::{BoundingBox, Boxes, Class, Image as Row, Usage, note};
use setup::Target;

use crate::class_names::ClassNames;
use crate::kaggle;
use crate::list::Rows;

/// A box and what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// As the file names it; empty if it does not.
    pub class: String,
    /// In pixels of the original image.
    pub area: BoundingBox,
}

/// The boxes of a data set.
pub enum Annotations {
    /// A folder of XML files that are called as their images.
    Folder(PathBuf),
    /// By the image's name without its ending.
    Table { path: PathBuf, boxes: HashMap<String, Vec<Annotation>> },
}

/// How many images something is true of.
#[derive(Default)]
struct Counts {
    without: usize,
    all_classes: usize,
}

impl Annotations {
    /// Opens what `--boxes` names.
    ///
    /// # Errors
    /// If it is not there, or a table of solutions cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        Ok(Self::Table { path: path.to_owned(), boxes: kaggle::annotations(path)? })
    }

    /// Gives each image its boxes: those of its class, which is its label or else the class to explain, where the files and
    /// the list name classes that are known; all of them where not. What cannot be read is wrong with that image's row.
    ///
    /// # Errors
    /// If an image has boxes already, or none is known to the data set.
    pub fn add_to(&self, rows: &mut Rows, target: Target, names: &ClassNames) -> Result<()> {
        if let Some((row, _)) = rows.rows.iter().find(|(row, _)| row.boxes.is_some()) {
            bail!(Usage(format!("--boxes, but {} has boxes of its own", row.image)));
        }
        let mut counts = Counts::default();
        for (row, flaw) in &mut rows.rows {
            match self.find(&row.image) {
                Ok(None) => counts.without += 1,
                Ok(Some(found)) => {
                    let boxes = of_class(found, class(row, target, names), names, &mut counts);
                    row.extra.set("boxes", boxes.to_string());
                    row.boxes = Some(boxes);
                }
                Err(error) => *flaw = flaw.take().or(Some(format!("{error:#}"))),
            }
        }
        self.tell(&counts, rows.rows.len())?;
        if !rows.extra.iter().any(|name| name == "boxes") {
            rows.extra.push("boxes".to_owned());
        }
        Ok(())
    }

    fn tell(&self, counts: &Counts, all: usize) -> Result<()> {
        let (Self::Folder(path) | Self::Table { path, .. }) = self;
        let path = path.display();
        if counts.without == all && all > 0 {
            bail!("{path}: none of the {all} images is known there");
        }
        if counts.without > 0 {
            note(format_args!("{} of {all} images are not in {path}: they have no boxes", counts.without));
        }
        if counts.all_classes > 0 {
            note(format_args!(
                "the boxes of all classes are taken for {} of {all} images: their class, or the classes in {path}, are not known (label, --labels)",
                counts.all_classes
            ));
        }
        Ok(())
    }

    /// The boxes of an image; nothing if it is not known.
    fn find(&self, image: &str) -> Result<Option<Vec<Annotation>>> {
        let image = Path::new(image);
        let Some(stem) = image.file_stem().and_then(|stem| stem.to_str()) else { return Ok(None) };
        match self {
            Self::Table { boxes, .. } => Ok(boxes.get(stem).cloned()),
            Self::Folder(folder) => {
                // Images for training lie in a folder for each class, and so do their files.
                let class = image.parent().and_then(Path::file_name).unwrap_or_default();
                let name = format!("{stem}.xml");
                let places = [folder.join(&name), folder.join(class).join(&name)];
                places.iter().find(|path| path.is_file()).map(|path| voc::read(path)).transpose()
            }
        }
    }
}

/// The class whose boxes are an image's, in the words of the list.
fn class(row: &Row, target: Target, names: &ClassNames) -> Option<usize> {
    let given = row.label.as_ref().or(row.target.as_ref());
    match (given, target) {
        (Some(class), _) => names.number("label", class).ok(),
        (None, Target::Class(class)) => Some(class),
        _ => None,
    }
}

/// The boxes of a class; of all classes where that, or each name in the file, is not known.
fn of_class(found: Vec<Annotation>, class: Option<usize>, names: &ClassNames, counts: &mut Counts) -> Boxes {
    let number = |annotation: &Annotation| names.number("box", &Class::Name(annotation.class.clone())).ok();
    let is_known = class.is_some() && found.iter().any(|annotation| number(annotation).is_some());
    if !is_known && !found.is_empty() {
        counts.all_classes += 1;
    }
    let wanted = found.iter().filter(|annotation| !is_known || number(annotation) == class);
    Boxes(wanted.map(|annotation| annotation.area).collect())
}
