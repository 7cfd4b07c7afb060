//! The maps of a run, by image and class.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Result, bail};
use pictures::ClassOf;
use pipe::{Explained, Rows};

use crate::belongs::Seen;
use crate::failures::Failures;
use crate::kind::{Inputs, Kind};

/// A method of a classifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// Classifier; nothing if a foreign explainer did not say.
    pub model: String,
    /// Spec string.
    pub method: String,
}

/// An image and the class that is explained, with its maps.
#[derive(Debug)]
pub struct Item {
    /// Path of the image, as given.
    pub image: String,
    /// Class that is explained.
    pub target: Option<usize>,
    /// Its name, or its number in words.
    pub class: String,
    /// The true class, where the table has one that is a number.
    pub label: Option<usize>,
    /// By the number of the series; nothing where there is no map.
    pub rows: Vec<Option<Explained>>,
}

/// All maps.
#[derive(Debug, Default)]
pub struct Items {
    /// Sorted.
    pub series: Vec<Series>,
    /// Sorted by image and class.
    pub all: Vec<Item>,
    places: HashMap<(String, Option<usize>), usize>,
}

type Found = BTreeMap<(String, Option<usize>), Vec<Explained>>;

impl Items {
    /// Reads the tables of maps. Rows without a map are failures.
    ///
    /// # Errors
    ///
    /// If a table is damaged, or a method has two maps of one image and class.
    pub fn read(inputs: &Inputs, seen: &mut Seen, failures: &mut Failures) -> Result<Self> {
        let mut found = Found::new();
        for file in inputs.files(Kind::Maps) {
            for row in Rows::<Explained>::open(&[file])? {
                let row = row?;
                seen.add(Kind::Maps, file, &row.model, row.extra.get("list").unwrap_or_default());
                if row.map.is_empty() {
                    failures.add(Kind::Maps, &row.method, "", &row.reason, &row.image);
                }
                found.entry((row.image.clone(), row.target)).or_default().push(row);
            }
        }
        Self::of(found)
    }

    fn of(found: Found) -> Result<Self> {
        let series: BTreeSet<Series> = found.values().flatten().map(series_of).collect();
        let mut all = Self { series: series.into_iter().collect(), ..Self::default() };
        for ((image, target), rows) in found {
            let item = all.item(image.clone(), target, rows)?;
            all.places.insert((image, target), all.all.len());
            all.all.push(item);
        }
        Ok(all)
    }

    fn item(&self, image: String, target: Option<usize>, rows: Vec<Explained>) -> Result<Item> {
        let first = &rows[0];
        let label =
            first.extra.get("label").and_then(|label| label.trim().trim_end_matches(".0").parse().ok());
        let class = ClassOf::of(first).name;
        let mut item = Item { image, target, class, label, rows: vec![None; self.series.len()] };
        for row in rows {
            let Ok(place) = self.series.binary_search(&series_of(&row)) else { continue };
            if item.rows[place].is_some() {
                bail!("{}, {}: more than one map of class {}", row.image, row.method, item.class);
            }
            item.rows[place] = Some(row);
        }
        item.rows.iter_mut().for_each(|row| *row = row.take().filter(|row| !row.map.is_empty()));
        Ok(item)
    }

    /// Where an image with its class is among the items.
    pub fn place(&self, image: &str, target: Option<usize>) -> Option<usize> {
        // One copy of a name is cheaper than two maps.
        self.places.get(&(image.to_owned(), target)).copied()
    }

    /// The number of a method, whatever its maps say of the classifier if they say nothing.
    pub fn number(&self, model: &str, method: &str) -> Option<usize> {
        let exact = |series: &Series| series.method == method && series.model == model;
        let unsaid = |series: &Series| series.method == method && !series.model.contains('@');
        self.series.iter().position(exact).or_else(|| self.series.iter().position(unsaid))
    }

    /// What each method is called where all are seen together: without the steps that all have, with the classifier where
    /// there are several; and these steps.
    pub fn names(&self) -> (Vec<String>, String) {
        let methods: BTreeSet<&str> = self.series.iter().map(|series| series.method.as_str()).collect();
        let methods: Vec<&str> = methods.into_iter().collect();
        let steps = figures::shared_steps(&methods);
        let several = self.series.iter().any(|series| series.model != self.series[0].model);
        let name = |series: &Series| {
            let short = series.method.strip_suffix(steps).unwrap_or(&series.method);
            if several { format!("{short} ({})", series.model) } else { short.to_owned() }
        };
        (self.series.iter().map(name).collect(), steps.to_owned())
    }

    /// How many maps there are.
    pub fn maps(&self) -> usize {
        self.all.iter().flat_map(|item| &item.rows).flatten().count()
    }
}

fn series_of(row: &Explained) -> Series {
    Series { model: row.model.clone(), method: row.method.clone() }
}
