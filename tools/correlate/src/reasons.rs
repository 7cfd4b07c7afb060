//! What the user is told of correlations that leave images out or are not defined.

use std::collections::BTreeMap;

use pipe::Correlation;

use crate::block::{Block, Pair};
use crate::correlations::Found;

/// What the correlations do without.
#[derive(Default)]
pub struct LeftOut {
    pairs: usize,
    all: usize,
    /// The most images that one of them leaves out, and how many it has.
    most: (usize, usize),
}

impl LeftOut {
    /// Counts a correlation.
    pub fn add(&mut self, found: &Found) {
        let images = found.images - found.row.n;
        self.all += 1;
        self.pairs += usize::from(images > 0);
        self.most = self.most.max((images, found.images));
    }

    /// Says what was left out, if anything was.
    pub fn tell(&self) {
        let Self { pairs, all, most: (images, of) } = self;
        if *pairs > 0 {
            pipe::note(format_args!(
                "{pairs} of {all} correlations leave out images without a number from both metrics, at most {images} of {of}"
            ));
        }
    }
}

/// Why there is no correlation.
pub fn reason(block: &Block<'_>, pair: &Pair) -> String {
    let n = block.positions.len();
    let name = |metric: usize| &block.columns.metrics[metric].name;
    if n < 2 {
        let from = pair.given.map_or_else(|| "both".to_owned(), |given| format!("both and {}", name(given)));
        return format!("only {n} images have a number from {from}");
    }
    let is_constant = |metric: &usize| block.values(*metric).windows(2).all(|pair| pair[0] == pair[1]);
    if let Some(constant) = pair.metrics().find(is_constant) {
        return format!("{} is the same for all {n} images", name(constant));
    }
    if pair.metrics().any(|metric| block.values(metric).iter().any(|value| value.is_infinite())) {
        return "some values are infinite".to_owned();
    }
    match pair.given {
        Some(given) => format!("{} leaves nothing of one of them to correlate", name(given)),
        None => "the values differ too little for a number".to_owned(),
    }
}

/// One line for each reason in a group: a metric that is the same for all images has no correlation with any other.
pub fn note_undefined(group: &[Found]) {
    let mut reasons: BTreeMap<&str, Vec<&Correlation>> = BTreeMap::new();
    for found in group {
        if let Some(reason) = &found.undefined {
            reasons.entry(reason).or_default().push(&found.row);
        }
    }
    for (reason, rows) in reasons {
        let Correlation { model, method, metric_a, metric_b, .. } = rows[0];
        let comma = if model.is_empty() { "" } else { ", " };
        let what = match rows.len() {
            1 => format!(", {metric_a} and {metric_b}: no correlation"),
            n => format!(": no correlation for {n} pairs"),
        };
        pipe::note(format_args!("{model}{comma}{method}{what}: {reason}"));
    }
}
