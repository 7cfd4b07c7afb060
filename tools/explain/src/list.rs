//! The list of images and what is asked about each.

use std::collections::HashSet;

use anyhow::{Result, bail};
use pipe::{Image as Row, Kept, Usage};
use setup::Target;

use crate::args::Args;
use crate::class_names::ClassNames;
use crate::{array_labels, named, tables};

/// What is asked about an image whose row cannot be understood.
const FLAWED: &str = "invalid";

/// An image of the list.
pub struct Listed {
    /// Its row.
    pub row: Row,
    /// The class that is asked for, as a [`Target`] is written; `label` if there is none.
    pub asked: String,
    /// What is wrong with the row, so that the image is not explained.
    pub flaw: Option<String>,
    /// Where the image is, if it is one that `perturb` has kept: a network's input.
    pub kept: Option<Kept>,
}

/// What the command line and the tables say, before it is known what classes there are.
#[derive(Default)]
pub struct Rows {
    /// Each row, with what is wrong with it.
    pub rows: Vec<(Row, Option<String>)>,
    /// The columns that the rows carry.
    pub extra: Vec<String>,
}

impl Rows {
    /// Adds rows with columns of their own.
    pub fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        for name in other.extra {
            if !self.extra.contains(&name) {
                self.extra.push(name);
            }
        }
    }
}

/// All images of a run and the names of the columns that travel with them.
pub struct List {
    /// In order, each (image, class asked for) once.
    pub images: Vec<Listed>,
    /// Those that were there already, and what to say about them.
    pub doubled: Vec<(Row, String)>,
    /// The columns that the rows carry.
    pub extra: Vec<String>,
    /// The value of the column `list`.
    pub key: String,
    /// Image and class asked for, of all.
    pairs: HashSet<(String, String)>,
}

impl List {
    /// Finds out what is asked about each image.
    pub fn new(Rows { rows, extra }: Rows, target: Target, names: &ClassNames) -> Self {
        let (mut images, mut doubled, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for (row, flaw) in rows {
            let asked = flaw.map_or_else(|| asked(target, &row, names), Err);
            let (asked, flaw) =
                asked.map_or_else(|flaw| (FLAWED.to_owned(), Some(flaw)), |asked| (asked, None));
            if seen.insert((row.image.clone(), asked.clone())) {
                images.push(Listed { row, asked, flaw, kept: None });
            } else {
                let same = "it is in the list already, with the same class to explain";
                doubled.push((row, flaw.unwrap_or_else(|| same.to_owned())));
            }
        }
        let key = pipe::list_key(images.iter().map(|item| (item.row.image.as_str(), item.asked.as_str())));
        Self { images, doubled, extra, key, pairs: seen }
    }

    /// Images of which each is asked about once.
    pub fn of(images: Vec<Listed>) -> Self {
        let key = pipe::list_key(images.iter().map(|item| (item.row.image.as_str(), item.asked.as_str())));
        Self { images, doubled: Vec::new(), extra: Vec::new(), key, pairs: HashSet::new() }
    }

    /// Whether a class of an image is asked for by its number.
    pub fn asks(&self, image: &str, class: usize) -> bool {
        self.pairs.contains(&(image.to_owned(), class.to_string()))
    }

    /// The columns that travel with the maps: the list's own, its key, and the name of the class if there are names.
    pub fn columns(&self, has_names: bool) -> Vec<String> {
        let mut columns = vec!["list".to_owned()];
        columns.extend(self.extra.iter().cloned());
        columns.extend(has_names.then(|| "class".to_owned()));
        columns
    }
}

/// What is asked about a row: its own target has precedence over `--target`. A label that no one understands is told even if
/// it is not asked for.
fn asked(target: Target, row: &Row, names: &ClassNames) -> Result<String, String> {
    let number = |what, class: &Option<_>| class.as_ref().map(|class| names.number(what, class)).transpose();
    let (label, own) = (number("label", &row.label)?, number("target", &row.target)?);
    let class = match target {
        _ if own.is_some() => own,
        Target::Label => label,
        Target::Class(class) => Some(class),
        Target::Rank(_) => None,
    };
    Ok(class.map_or_else(|| target.to_string(), |class| class.to_string()))
}

/// Reads what the command line names.
pub fn read(args: &Args) -> Result<Rows> {
    if args.images.is_empty() && args.npy {
        bail!(Usage("--npy takes images on the command line".into()));
    }
    let rows = match (&args.images[..], &args.table) {
        ([], table) => tables::read(table.as_deref().unwrap_or("-".as_ref()), args.root.as_deref())?,
        (images, None) => named::read(images, args.root.as_deref())?,
        (images, Some(table)) => array_labels::read(images, table)?,
    };
    let named = rows.rows.iter().filter(|(_, flaw)| flaw.is_none());
    named.map(|(row, _)| &row.image).try_for_each(|image| args.model.check_image(image))?;
    Ok(rows)
}
