//! What the methods of a model are ranked by, with its resamples.

use std::borrow::Cow;
use std::fmt;

use anyhow::Result;
use pipe::Direction;
use rayon::prelude::*;
use scores::{Board, Sample};
use stats::interval::Interval;
use stats::resample::Bootstrap;
use stats::summary::{mean, median};
use stats::{ranks, wins};

use crate::model::Model;

/// A board, and the metric of each of its methods.
pub struct Named<'a> {
    /// The scores.
    pub board: Cow<'a, Board>,
    /// What each method is scored by.
    pub metrics: Vec<String>,
}

/// What the methods of one model are ranked by.
pub struct Table {
    /// Classifier.
    pub model: String,
    /// The metric, without the parameter of which each method has a value of its own.
    pub metric: String,
    /// Which numbers are better.
    pub direction: Direction,
    /// By the name of the method, sorted.
    pub numbers: Vec<Number>,
}

/// What one method is ranked by.
pub struct Number {
    /// Spec string of the metric.
    pub metric: String,
    /// Spec string of the method.
    pub method: String,
    /// Number of images.
    pub n: usize,
    /// The number.
    pub mean: f64,
    /// The median over the images, if the number is a mean of theirs.
    pub median: Option<f64>,
    /// The share of images for which the method is the best one, if they have numbers of their own.
    pub win_rate: Option<f64>,
    /// The number in each resample.
    pub resampled: Vec<f64>,
}

impl<'a> Named<'a> {
    /// The board where every method has a number, and one metric for all; what that costs is said on standard error.
    ///
    /// # Errors
    ///
    /// As [`Board::defined`].
    pub fn new(board: &'a Board) -> Result<Self> {
        let metrics = vec![board.metric.clone(); board.methods.len()];
        if is_defined(board) {
            return Ok(Self { board: Cow::Borrowed(board), metrics });
        }
        let (board, costs) = board.defined()?;
        costs.iter().for_each(pipe::note);
        Ok(Self { board: Cow::Owned(board), metrics })
    }
}

/// Whether every method has a number for the same images, so that nothing need be left out.
fn is_defined(board: &Board) -> bool {
    let numbers = |sample: &Sample| sample.values.iter().all(|value| value.is_finite());
    let same = |sample: &Sample| sample.items == board.methods[0].items;
    board.methods.par_iter().all(|sample| same(sample) && !sample.items.is_empty() && numbers(sample))
}

/// The means of each board, all in the same resamples of the images.
pub fn tables(boards: &[&Named<'_>], model: &Model) -> Vec<Table> {
    let samples: Vec<&Sample> = boards.iter().flat_map(|named| &named.board.methods).collect();
    let mut resampled = model.means(&samples).into_iter();
    boards.iter().map(|named| Table::new(named, resampled.by_ref())).collect()
}

impl Table {
    fn new(named: &Named<'_>, resampled: impl Iterator<Item = Vec<f64>>) -> Self {
        let Board { model, metric, direction, methods } = &*named.board;
        let values: Vec<&[f64]> = methods.iter().map(|sample| &*sample.values).collect();
        let wins = match direction {
            Direction::Higher => wins::greatest(&values),
            Direction::Lower => wins::least(&values),
        };
        let number = |(at, resampled): (usize, Vec<f64>)| Number {
            metric: named.metrics[at].clone(),
            method: methods[at].method.clone(),
            n: values[at].len(),
            mean: mean(values[at]),
            median: Some(median(values[at])),
            win_rate: Some(wins[at]),
            resampled,
        };
        let resampled: Vec<Vec<f64>> = resampled.take(methods.len()).collect();
        let numbers = resampled.into_par_iter().enumerate().map(number).collect();
        Self { model: model.clone(), metric: metric.clone(), direction: *direction, numbers }
    }

    /// The rank of each method: 1 for the best, and equal numbers share the mean of their ranks.
    pub fn ranks(&self) -> Vec<f64> {
        let numbers: Vec<f64> = self.numbers.iter().map(|number| number.mean).collect();
        ranks::average(&self.badness(&numbers))
    }

    /// The numbers of each method in the resamples, less of which is better.
    pub fn resampled_badness(&self) -> Vec<Vec<f64>> {
        self.numbers.iter().map(|number| self.badness(&number.resampled)).collect()
    }

    fn badness(&self, numbers: &[f64]) -> Vec<f64> {
        match self.direction {
            Direction::Higher => numbers.iter().map(|number| -number).collect(),
            Direction::Lower => numbers.to_vec(),
        }
    }
}

impl Number {
    /// The interval of the number.
    pub fn interval(&self, bootstrap: &Bootstrap) -> Interval {
        bootstrap.percentiles(self.resampled.clone())
    }
}

/// Model and metric, for a message.
impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = if self.model.is_empty() { "" } else { ", " };
        write!(out, "{}{comma}{}", self.model, self.metric)
    }
}
