//! The mean of the median curve over the images: how PAIR's programs put performance information curves together.

use anyhow::{Result, bail};
use scores::Board;
use stats::curve::mean_height;
use stats::summary::median;

use crate::family::Family;
use crate::model::Model;
use crate::table::{Number, Table};

/// The heights of a metric's curves: boards by a number that rises.
pub struct Curves<'a> {
    metric: String,
    levels: Vec<(f64, &'a Board)>,
}

/// The families that have curves.
///
/// # Errors
///
/// If the parameter is no number somewhere, or has one value only.
pub fn curves<'a>(families: &'a [Family], parameter: &str) -> Result<Vec<Curves<'a>>> {
    families.iter().filter_map(|family| Curves::new(family, parameter).transpose()).collect()
}

impl<'a> Curves<'a> {
    /// The members that name a value; nothing if none does.
    fn new(family: &'a Family, parameter: &str) -> Result<Option<Self>> {
        let mut levels = Vec::new();
        for (value, board) in &family.members {
            let Some(value) = value else { continue };
            match value.parse() {
                Ok(level) if f64::is_finite(level) => levels.push((level, board)),
                _ => bail!("{board}: {parameter}={value} is not a number"),
            }
        }
        levels.sort_by(|a, b| a.0.total_cmp(&b.0));
        let colon = if family.metric.contains(':') { ',' } else { ':' };
        let metric = format!("{}{colon}median-curve={parameter}", family.metric);
        match levels.len() {
            0 => Ok(None),
            1 => bail!("{metric}: a curve needs two points, not 1"),
            _ => Ok(Some(Self { metric, levels })),
        }
    }

    /// What the methods are ranked by, if the curves are of this model.
    pub fn table(&self, of: &Model) -> Option<Table> {
        let Board { model, direction, methods, .. } = self.levels[0].1;
        if *model != of.name {
            return None;
        }
        let images = &methods[0].items;
        let means = |drawn: &[u32]| {
            // Images of the model that have no curve count for none.
            let places: Vec<usize> =
                drawn.iter().filter_map(|image| images.binary_search(image).ok()).collect();
            (0..methods.len()).map(|at| self.mean(at, &places)).collect::<Vec<f64>>()
        };
        let resampled = if images.len() < 2 { Vec::new() } else { of.statistic(means) };
        let all: Vec<usize> = (0..images.len()).collect();
        let number = |at: usize| Number {
            metric: self.metric.clone(),
            method: methods[at].method.clone(),
            n: images.len(),
            mean: self.mean(at, &all),
            median: None,
            win_rate: None,
            resampled: resampled.iter().map(|means| means[at]).collect(),
        };
        let numbers = (0..methods.len()).map(number).collect();
        Some(Table { model: model.clone(), metric: self.metric.clone(), direction: *direction, numbers })
    }

    /// The mean height of the median curve of a method over images, given by their places; NaN for none.
    fn mean(&self, method: usize, images: &[usize]) -> f64 {
        let median = |(level, board): &(f64, &Board)| {
            let values: Vec<f64> = images.iter().map(|&image| board.methods[method].values[image]).collect();
            (*level, median(&values))
        };
        let points: Vec<(f64, f64)> = self.levels.iter().map(median).collect();
        // Levels rise; where all of them are one, there is no curve.
        mean_height(&points).unwrap_or(f64::NAN)
    }
}
