//! The metrics of one method, over the images that any of them has scored.

use scores::{Metric, Sample};

use crate::bits::Bits;

/// Values by metric and image.
pub struct Columns<'a> {
    /// The metrics.
    pub metrics: Vec<&'a Metric>,
    /// The number of images with a row from any metric.
    pub images: usize,
    /// Of each metric; NaN where it has no number.
    values: Vec<Vec<f64>>,
    /// The images with a row, by metric.
    rows: Vec<Bits>,
    /// The images with a number, by metric.
    numbers: Vec<Bits>,
}

impl<'a> Columns<'a> {
    /// Puts the samples side by side.
    pub fn new(metrics: Vec<&'a Metric>) -> Self {
        let items = union(&metrics);
        let (mut values, mut rows, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for metric in &metrics {
            let (column, present) = aligned(&metric.sample, &items);
            rows.push(present);
            numbers.push(Bits::new(column.iter().map(|value| !value.is_nan())));
            values.push(column);
        }
        Self { metrics, images: items.len(), values, rows, numbers }
    }

    /// The images with a number from every one of these metrics.
    pub fn complete(&self, metrics: impl IntoIterator<Item = usize>) -> Bits {
        let sets = metrics.into_iter().map(|at| self.numbers[at].clone());
        sets.reduce(|a, b| a.and(&b)).unwrap_or_else(|| Bits::new([]))
    }

    /// The number of images with a row from any of these metrics.
    pub fn rows(&self, metrics: impl IntoIterator<Item = usize>) -> usize {
        let sets = metrics.into_iter().map(|at| self.rows[at].clone());
        sets.reduce(|a, b| a.or(&b)).map_or(0, |set| set.len())
    }

    /// A metric's values at some positions.
    pub fn values(&self, metric: usize, positions: &[usize]) -> Vec<f64> {
        positions.iter().map(|&at| self.values[metric][at]).collect()
    }
}

/// The items that any of the metrics has, rising.
fn union(metrics: &[&Metric]) -> Vec<u32> {
    let mut items: Vec<u32> = Vec::new();
    for metric in metrics {
        // Mostly all metrics have the same.
        if items[..] != metric.sample.items[..] {
            items.extend(metric.sample.items.iter());
            items.sort_unstable();
            items.dedup();
        }
    }
    items
}

/// A sample's values at all of the items, NaN where it has none, and where it has a row.
fn aligned(sample: &Sample, items: &[u32]) -> (Vec<f64>, Bits) {
    let mut cells = sample.items.iter().zip(&sample.values).peekable();
    let cell = |item: &u32| cells.next_if(|(other, _)| *other == item).map(|(_, value)| *value);
    let cells: Vec<Option<f64>> = items.iter().map(cell).collect();
    let present = Bits::new(cells.iter().map(Option::is_some));
    (cells.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect(), present)
}
