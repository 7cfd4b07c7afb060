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
        let size =
            self.methods.iter().filter_map(|sample| sample.items.last()).max().map_or(0, |last| last + 1);
        let mut counts = vec![0; size as usize];
        for sample in &self.methods {
            let defined = sample.items.iter().zip(&sample.values).filter(|(_, value)| value.is_finite());
            defined.for_each(|(item, _)| counts[*item as usize] += 1);
        }
        let keep = |item: u32| counts[item as usize] == self.methods.len();
        let kept = self.on(keep);
        let mut notes = Vec::new();
        for sample in self.methods.iter().filter(|sample| sample.failures() > 0) {
            notes.push(self.cost(sample)?);
        }
        if kept.methods.iter().any(|sample| sample.values.is_empty()) {
            bail!("{self}: no image has a number from every method");
        }
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
            let before = mean(&other.finite_on(|_| true));
            let after = mean(&other.finite_on(|item| failing.is_defined_at(item)));
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

    fn is_defined_at(&self, item: u32) -> bool {
        self.items.binary_search(&item).is_ok_and(|at| self.values[at].is_finite())
    }

    fn finite_on(&self, keep: impl Fn(u32) -> bool) -> Vec<f64> {
        let kept = self.items.iter().zip(&self.values);
        kept.filter(|(item, value)| value.is_finite() && keep(**item)).map(|(_, value)| *value).collect()
    }
}
