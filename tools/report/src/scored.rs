//! The scores of images, by metric and method.

use std::path::PathBuf;

use anyhow::{Result, bail};
use pipe::{Column, Direction, Score, Tables};
use scores::{Board, CompareArgs, Foreign, Incomplete, Item, Sample, Scores};
use stats::summary::mean;

use crate::belongs::Seen;
use crate::failures::Failures;
use crate::items::Items;
use crate::kind::{Inputs, Kind};

/// All scores.
#[derive(Debug)]
pub struct Scored {
    /// As the tools that compare scores read them.
    pub scores: Scores,
    /// Metrics in the order of the tables.
    pub metrics: Vec<(String, Direction)>,
    /// What each method of [`Board::defined`] has for a mean: by board and method.
    means: Vec<Vec<(usize, f64)>>,
}

const COLUMNS: &[Column] = &[
    Column::required("image"),
    Column::required("method"),
    Column::required("metric"),
    Column::required("direction"),
    Column::required("value"),
    Column::optional("reason"),
    Column::optional("model"),
    Column::optional("list"),
];

impl Scored {
    /// Reads the scores, and checks that they belong together and are all there.
    ///
    /// # Errors
    ///
    /// As [`Scores::read`].
    pub fn read(
        inputs: &Inputs,
        incomplete: Option<Incomplete>,
        seen: &mut Seen,
        failures: &mut Failures,
    ) -> Result<Self> {
        let files = inputs.files(Kind::Scores);
        let args = CompareArgs { incomplete, by_model: true, ..CompareArgs::default() };
        let scores = Scores::read(files, args, Foreign::AnyItems)?;
        scores.notes.iter().for_each(pipe::note);
        let mut metrics = Vec::new();
        for file in files {
            look(file, &mut metrics, seen, failures)?;
        }
        let means = scores.boards.iter().map(means).collect();
        Ok(Self { scores, metrics, means })
    }

    /// Checks that every image is one that the maps are of.
    ///
    /// # Errors
    ///
    /// Names the first that is not.
    pub fn check(&self, items: &Items, inputs: &Inputs) -> Result<()> {
        let foreign = |item: &&Item| item.target.is_some() && items.place(&item.image, item.target).is_none();
        match self.scores.items.iter().find(foreign) {
            Some(item) => {
                let (scores, maps) = (inputs.label(Kind::Scores), inputs.label(Kind::Maps));
                bail!("{scores}: {item} is not among the images of {maps}: they do not belong together")
            }
            None => Ok(()),
        }
    }

    /// Number of images and mean of a method, over the images where every method has a number.
    pub fn mean(&self, model: &str, metric: &str, method: &str) -> Option<(usize, f64)> {
        let board =
            self.scores.boards.iter().position(|board| board.model == model && board.metric == metric)?;
        let sample = self.scores.boards[board].methods.iter().position(|sample| sample.method == method)?;
        self.means[board].get(sample).copied()
    }

    /// The sample of a metric and a method, whatever the maps say of the classifier if they say nothing.
    pub fn sample(&self, metric: &str, model: &str, method: &str) -> Option<&Sample> {
        let boards = || self.scores.boards.iter().filter(|board| board.metric == metric);
        let unsaid = !model.contains('@') && boards().count() == 1;
        let board = boards().find(|board| board.model == model || unsaid)?;
        board.methods.iter().find(|sample| sample.method == method)
    }

    /// Where an image with its class stands in the samples.
    pub fn place(&self, image: &str, target: Option<usize>) -> Option<u32> {
        let key = |item: &Item| (item.image.as_str(), item.target).cmp(&(image, target));
        self.scores.items.binary_search_by(key).ok().map(|at| at as u32)
    }

    /// All scores as rows, for a figure.
    pub fn rows(&self) -> Vec<Score> {
        self.scores
            .boards
            .iter()
            .flat_map(|board| board.methods.iter().flat_map(|sample| self.of(board, sample)))
            .collect()
    }

    fn of<'a>(&'a self, board: &'a Board, sample: &'a Sample) -> impl Iterator<Item = Score> + 'a {
        sample.items.iter().zip(&sample.values).map(|(item, value)| Score {
            image: self.scores.items[*item as usize].image.clone(),
            target: self.scores.items[*item as usize].target,
            model: board.model.clone(),
            method: sample.method.clone(),
            metric: board.metric.clone(),
            direction: board.direction,
            value: *value,
            reason: String::new(),
            extra: pipe::Extra::default(),
        })
    }

    /// How many scores there are.
    pub fn count(&self) -> usize {
        self.scores.boards.iter().flat_map(|board| &board.methods).map(|sample| sample.values.len()).sum()
    }
}

/// The value of a sample at a place; NaN where it has none.
pub fn value(sample: &Sample, place: u32) -> f64 {
    sample.items.binary_search(&place).map_or(f64::NAN, |at| sample.values[at])
}

/// Looks through a table for what the boards do not keep: the order of the metrics, and why values are not defined.
fn look(
    file: &PathBuf,
    metrics: &mut Vec<(String, Direction)>,
    seen: &mut Seen,
    failures: &mut Failures,
) -> Result<()> {
    for table in Tables::open(&[file])?.columns(COLUMNS)? {
        table.read(|row| {
            let metric = row.text(2)?;
            if metrics.iter().all(|(name, _)| name != metric) {
                metrics.push((metric.to_owned(), row.value(3)?));
            }
            seen.add(Kind::Scores, file, row.text(6)?, row.text(7)?);
            if !row.bytes(5).is_empty() || !row.value::<f64>(4)?.is_finite() {
                failures.add(Kind::Scores, row.text(1)?, metric, row.text(5)?, row.text(0)?);
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn means(board: &Board) -> Vec<(usize, f64)> {
    // Where no image has a number from every method there is no mean to compare.
    let Ok((defined, _)) = board.defined() else { return Vec::new() };
    defined.methods.iter().map(|sample| (sample.values.len(), mean(&sample.values))).collect()
}
