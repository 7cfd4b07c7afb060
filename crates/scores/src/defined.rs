//! Values that are not defined: an item where one method has none is left out for all of them.

use anyhow::{Result, bail};
use stats::summary::mean;

use crate::{Board, Sample};

impl Board {
    /// The board on the items where every method has a finite value, and what that cost, method by method.
    ///
    /// A mean over other images than those of the other methods would reward a method for failing on hard ones.
    ///
    /// # Errors
    ///
    /// If a method has no finite value at all, or if no item is left.
    pub fn defined(&self) -> Result<(Self, Vec<String>)> {
        self.clone().into_defined()
    }

    /// The same, without a copy where every value is defined.
    ///
    /// # Errors
    ///
    /// As [`Board::defined`].
    pub fn into_defined(self) -> Result<(Self, Vec<String>)> {
        let size =
            self.methods.iter().filter_map(|sample| sample.items.last()).max().map_or(0, |last| last + 1);
        let mut counts = vec![0; size as usize];
        for sample in &self.methods {
            let defined = sample.items.iter().zip(&sample.values).filter(|(_, value)| value.is_finite());
            defined.for_each(|(item, _)| counts[*item as usize] += 1);
        }
        let mut notes = Vec::new();
        for sample in self.methods.iter().filter(|sample| sample.failures() > 0) {
            notes.push(self.cost(sample)?);
        }
        let left = counts.iter().filter(|count| **count == self.methods.len()).count();
        if left == 0 && !self.methods.is_empty() {
            bail!("{self}: no image has a number from every method");
        }
        if self.methods.iter().all(|sample| sample.items.len() == left) {
            return Ok((self, notes));
        }
        let kept = self.on(|item| counts[item as usize] == self.methods.len());
        Ok((kept, notes))
    }

    /// How many values a method lacks, and how far the means of the others move because of it.
    fn cost(&self, failing: &Sample) -> Result<String> {
        let (failed, all) = (failing.failures(), failing.values.len());
        let what = format!("{self}, {}: {failed} of {all} values are NaN or infinite", failing.method);
        if failed == all {
            bail!("{what}, which leaves no image to compare on: leave the method out of the table");
        }
        let moved = self.methods.iter().filter(|other| other.method != failing.method).filter_map(|other| {
            let before = mean(&finite(other.values.iter().zip(&other.values)));
            let (values, beside) = other.paired(failing);
            let after = mean(&finite(values.iter().zip(&beside)));
            let far = (after - before).abs();
            (far > 0.0).then_some((far, &other.method, before, after))
        });
        let furthest = moved.max_by(|a, b| a.0.total_cmp(&b.0));
        let moved = furthest.map_or_else(String::new, |(_, other, before, after)| {
            format!(" (which moves the mean of {other} most, from {before:.4} to {after:.4})")
        });
        Ok(format!("{what}: left out for all methods{moved}"))
    }
}

impl Sample {
    fn failures(&self) -> usize {
        self.values.iter().filter(|value| !value.is_finite()).count()
    }
}

/// Finite values that have a finite one beside them.
fn finite<'a>(pairs: impl Iterator<Item = (&'a f64, &'a f64)>) -> Vec<f64> {
    pairs.filter(|(value, beside)| value.is_finite() && beside.is_finite()).map(|(value, _)| *value).collect()
}
