//! The scores of one method by all metrics, for comparing metrics with each other.

use std::collections::BTreeMap;

use pipe::Direction;
use stats::correlation::is_binary;

use crate::{Sample, Scores};

/// The scores of one method for one model.
#[derive(Debug)]
pub struct Group {
    /// Classifier.
    pub model: String,
    /// Spec string of the method.
    pub method: String,
    /// By name, sorted.
    pub metrics: Vec<Metric>,
}

/// The values of one metric.
#[derive(Debug)]
pub struct Metric {
    /// Spec string.
    pub name: String,
    /// Whether it has at most two values for all models and methods together.
    pub binary: bool,
    /// Negated if lower is better, so that more is always better.
    pub sample: Sample,
}

impl Scores {
    /// Turns boards by metric into groups by method, sorted by model and method.
    pub fn into_groups(self) -> Vec<Group> {
        let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for board in &self.boards {
            let different = values.entry(board.metric.clone()).or_default();
            board.methods.iter().for_each(|sample| add_different(different, &sample.values));
        }
        let binary: BTreeMap<String, bool> =
            values.into_iter().map(|(metric, values)| (metric, is_binary(&values))).collect();
        let mut groups: BTreeMap<(String, String), Vec<Metric>> = BTreeMap::new();
        for board in self.boards {
            for mut sample in board.methods {
                if board.direction == Direction::Lower {
                    sample.values.iter_mut().for_each(|value| *value = -*value);
                }
                let key = (board.model.clone(), sample.method.clone());
                let metric = Metric { name: board.metric.clone(), binary: binary[&board.metric], sample };
                groups.entry(key).or_default().push(metric);
            }
        }
        groups.into_iter().map(|((model, method), metrics)| Group { model, method, metrics }).collect()
    }
}

/// Adds the numbers that are not there yet, until there are too many for two.
fn add_different(different: &mut Vec<f64>, values: &[f64]) {
    for value in values.iter().filter(|value| !value.is_nan()) {
        if different.len() > 2 {
            return;
        }
        if !different.contains(value) {
            different.push(*value);
        }
    }
}
