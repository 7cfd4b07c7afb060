//! Scores by model and method, larger always being better.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use pipe::{Direction, Rows, Score};
use stats::correlation::is_binary;
use stats::panel::Panel;

/// The scores of one method for one model.
pub struct Group {
    pub model: String,
    pub method: String,
    pub metrics: Vec<Metric>,
}

/// The values of one metric.
pub struct Metric {
    pub name: String,
    /// Whether it has at most two values for all models and methods together.
    pub binary: bool,
    /// Positions of images in the list of all, with the values there, negated if lower is better.
    pub sample: Vec<(usize, f64)>,
}

/// Reads scores, sorted by model, method and metric.
pub fn read(files: &[PathBuf]) -> Result<Vec<Group>> {
    let mut panel = Panel::default();
    let mut directions = BTreeMap::new();
    for row in Rows::<Score>::open(files)? {
        let Score { image, target, model, method, metric, direction, value, .. } = row?;
        let Some(target) = target else { continue };
        if *directions.entry(metric.clone()).or_insert(direction) != direction {
            bail!("{metric}: the direction is `higher` in some rows and `lower` in others");
        }
        if method == "mean" {
            bail!("a method is called `mean`, which in the output means all methods");
        }
        let value = if direction == Direction::Lower { -value } else { value };
        panel.add((model, method, metric), (image, target), value);
    }
    let aligned = panel.align().map_err(|twice| {
        let ((model, method, metric), (image, target)) = (twice.name, twice.unit);
        let comma = if model.is_empty() { "" } else { ", " };
        anyhow!("{model}{comma}{method}, {metric}: {image} (target {target}) has more than one value")
    })?;
    Ok(groups(aligned.samples))
}

fn groups(samples: BTreeMap<(String, String, String), Vec<(usize, f64)>>) -> Vec<Group> {
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for ((_, _, metric), sample) in &samples {
        values.entry(metric.clone()).or_default().extend(sample.iter().map(|(_, value)| value));
    }
    let binary: BTreeMap<String, bool> =
        values.into_iter().map(|(metric, values)| (metric, is_binary(&values))).collect();
    let mut groups: Vec<Group> = Vec::new();
    for ((model, method, name), sample) in samples {
        let metric = Metric { binary: binary[&name], name, sample };
        match groups.last_mut() {
            Some(group) if group.model == model && group.method == method => group.metrics.push(metric),
            _ => groups.push(Group { model, method, metrics: vec![metric] }),
        }
    }
    groups
}
