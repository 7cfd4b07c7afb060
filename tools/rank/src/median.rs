//! The mean of the median curve over the images: how PAIR's programs put performance information curves together.

use anyhow::{Result, bail};
use rayon::prelude::*;
use scores::Board;
use stats::curve::mean_height;
use stats::random::generator;
use stats::summary::quantile;

use crate::args::Args;
use crate::family::Family;
use crate::ranking::{Number, Table};

/// The heights of a metric's curves: boards by a number that rises.
struct Curves<'a> {
    metric: String,
    levels: Vec<(f64, &'a Board)>,
}

/// The families that have curves, ranked by them.
///
/// # Errors
///
/// If the parameter is no number somewhere, or has one value only.
pub fn tables(families: &[Family], parameter: &str, args: &Args) -> Result<Vec<Table>> {
    let curves = families.iter().map(|family| Curves::new(family, parameter));
    let curves: Vec<Curves<'_>> = curves.filter_map(Result::transpose).collect::<Result<_>>()?;
    Ok(curves.iter().map(|curves| curves.table(args)).collect())
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

    fn table(&self, args: &Args) -> Table {
        let Board { model, direction, methods, .. } = self.levels[0].1;
        let number = |at: usize| {
            let (method, n) = (&methods[at].method, methods[at].values.len());
            let mut rng = generator(args.seed, &["rank", model, &self.metric, method], 0);
            Number {
                metric: self.metric.clone(),
                method: method.clone(),
                n,
                mean: self.mean(at, &(0..n).collect::<Vec<_>>()),
                interval: args.bootstrap().statistic(n, &mut rng, |drawn| self.mean(at, drawn)),
            }
        };
        let numbers = (0..methods.len()).into_par_iter().map(number).collect();
        Table { model: model.clone(), direction: *direction, numbers }
    }

    /// The mean height of the median curve of a method over images, given by their places.
    fn mean(&self, method: usize, images: &[usize]) -> f64 {
        let median = |(level, board): &(f64, &Board)| {
            let values: Vec<f64> = images.iter().map(|&image| board.methods[method].values[image]).collect();
            (*level, quantile(&values, 0.5))
        };
        let points: Vec<(f64, f64)> = self.levels.iter().map(median).collect();
        // Levels rise; where all of them are one, there is no curve.
        mean_height(&points).unwrap_or(f64::NAN)
    }
}
