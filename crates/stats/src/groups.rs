//! A sample by its different values, so that the ranks of a resample follow from counting.

use crate::kendall::pairs_among;
use crate::ranks;

/// The values of a sample without NaN, numbered from the least; equal ones share a number.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    /// The number of each observation's value.
    pub(crate) of: Vec<u32>,
    /// How many different values there are.
    pub(crate) len: usize,
}

impl Groups {
    pub(crate) fn new(values: &[f64]) -> Self {
        let (mut of, mut last, mut group) = (vec![0; values.len()], None, 0);
        for at in ranks::ascending(values) {
            group += u32::from(last.is_some_and(|last| last != values[at]));
            last = Some(values[at]);
            of[at] = group;
        }
        Self { of, len: if values.is_empty() { 0 } else { group as usize + 1 } }
    }

    /// How often a resample has drawn each value; `counts` says how often it has drawn each observation.
    pub(crate) fn drawn(&self, counts: &[u8]) -> Vec<u32> {
        let mut drawn = Vec::new();
        self.count(counts, &mut drawn);
        drawn
    }

    /// The same, into a buffer.
    pub(crate) fn count(&self, counts: &[u8], drawn: &mut Vec<u32>) {
        drawn.clear();
        drawn.resize(self.len, 0);
        for (&group, &count) in self.of.iter().zip(counts) {
            drawn[group as usize] += u32::from(count);
        }
    }
}

/// The average rank of each value that a resample has drawn, as [`ranks::average`] gives it.
pub(crate) fn average(drawn: &[u32]) -> impl Iterator<Item = f64> {
    let mut before = 0;
    drawn.iter().map(move |&count| {
        let start = before;
        before += u64::from(count);
        (start + 1 + before) as f64 / 2.0
    })
}

/// Pairs of equal values in a resample.
pub(crate) fn ties(drawn: &[u32]) -> f64 {
    drawn.iter().map(|&count| pairs_among(count as usize)).sum()
}
