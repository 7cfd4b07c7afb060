//! The scores of one metric for one model.

use std::fmt;
use std::sync::Arc;

use pipe::Direction;

/// The scores of one metric for one model, method by method.
#[derive(Clone, Debug)]
pub struct Board {
    /// Classifier; several, separated by `;`, where models are pooled.
    pub model: String,
    /// Spec string of the metric.
    pub metric: String,
    /// Which way the metric points.
    pub direction: Direction,
    /// By the name of the method, sorted.
    pub methods: Vec<Sample>,
}

/// The scores of one method by one metric. An item that it lacks is not in it; a value that is not defined is NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Spec string of the method.
    pub method: String,
    /// Positions in the list of all items, rising; methods with the same ones share them.
    pub items: Arc<[u32]>,
    /// The value at each of them.
    pub values: Vec<f64>,
}

impl Sample {
    /// The part on some of the items.
    pub(crate) fn on(&self, keep: impl Fn(u32) -> bool) -> Self {
        let kept = self.items.iter().zip(&self.values).filter(|(item, _)| keep(**item));
        let (items, values): (Vec<u32>, _) = kept.map(|(item, value)| (*item, *value)).unzip();
        Self { method: self.method.clone(), items: items.into(), values }
    }

    /// Whether two samples are on the same items, so that their values are paired as they stand.
    pub fn is_aligned_with(&self, other: &Self) -> bool {
        self.items == other.items
    }

    /// The values of two samples on the items that both have, in the order of the items.
    pub fn paired(&self, other: &Self) -> (Vec<f64>, Vec<f64>) {
        if self.is_aligned_with(other) {
            return (self.values.clone(), other.values.clone());
        }
        let mut others = other.items.iter().zip(&other.values).peekable();
        let common = self.items.iter().zip(&self.values).filter_map(|(item, value)| {
            while others.next_if(|(other, _)| *other < item).is_some() {}
            others.next_if(|(other, _)| *other == item).map(|(_, other)| (*value, *other))
        });
        common.unzip()
    }
}

impl Board {
    /// The part on some of the items.
    #[must_use]
    pub fn on(&self, keep: impl Fn(u32) -> bool) -> Self {
        let Self { model, metric, direction, methods } = self;
        let (model, metric) = (model.clone(), metric.clone());
        let mut part =
            Self { model, metric, direction: *direction, methods: Vec::with_capacity(methods.len()) };
        for sample in methods {
            part.push(sample.on(&keep));
        }
        part
    }

    /// Adds a method behind the others, which shares its items with the last one if they are the same.
    pub(crate) fn push(&mut self, mut sample: Sample) {
        if let Some(last) = self.methods.last().filter(|last| last.is_aligned_with(&sample)) {
            sample.items = Arc::clone(&last.items);
        }
        self.methods.push(sample);
    }

    /// In how many of the samples each of `items` items is.
    pub(crate) fn coverage(&self, items: usize) -> Vec<usize> {
        let mut counts = vec![0; items];
        for item in self.methods.iter().flat_map(|sample| sample.items.iter()) {
            counts[*item as usize] += 1;
        }
        counts
    }
}

/// Model and metric, for a message.
impl fmt::Display for Board {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = if self.model.is_empty() { "" } else { ", " };
        write!(out, "{}{comma}{}", self.model, self.metric)
    }
}

#[cfg(test)]
mod tests {
    use super::Sample;

    fn sample(cells: &[(u32, f64)]) -> Sample {
        let (items, values): (Vec<u32>, _) = cells.iter().copied().unzip();
        Sample { method: String::new(), items: items.into(), values }
    }

    #[test]
    fn pairs_are_the_items_in_both() {
        let a = sample(&[(0, 1.0), (2, 3.0), (3, 4.0), (7, 8.0)]);
        let b = sample(&[(1, 10.0), (2, 30.0), (7, 80.0), (9, 0.0)]);
        assert_eq!(a.paired(&b), (vec![3.0, 8.0], vec![30.0, 80.0]));
        assert_eq!(b.paired(&a), (vec![30.0, 80.0], vec![3.0, 8.0]));
        assert_eq!(a.paired(&sample(&[])), (vec![], vec![]));
    }
}
