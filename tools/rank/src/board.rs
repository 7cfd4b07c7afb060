//! The scores that are ranked together: one model, one metric, all methods, the same images.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use pipe::{Direction, Rows, Score};
use stats::panel::{Aligned, Panel};

/// Positions of images in the list of all, with the values there.
type Sample = Vec<(usize, f64)>;

/// (model, metric, method)
type Name = (String, String, String);

/// (image, target)
type Unit = (String, usize);

/// The values of one metric for one model.
pub struct ScoreTable {
    pub model: String,
    pub metric: String,
    pub direction: Direction,
    /// Method and values, by name; no NaN, in the order of the images.
    pub methods: Vec<(String, Vec<f64>)>,
}

impl fmt::Display for ScoreTable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", Label(&self.model, &self.metric))
    }
}

/// What to call a board in a message.
struct Label<'a>(&'a str, &'a str);

impl fmt::Display for Label<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = if self.0.is_empty() { "" } else { ", " };
        write!(out, "{}{comma}{}", self.0, self.1)
    }
}

/// Reads scores and makes boards of them, sorted by model and metric.
pub fn read(files: &[PathBuf], allow_missing: bool) -> Result<Vec<ScoreTable>> {
    let mut panel = Panel::default();
    let mut directions = BTreeMap::new();
    for row in Rows::<Score>::open(files)? {
        let Score { image, target, model, method, metric, direction, value, .. } = row?;
        let Some(target) = target else { continue };
        if *directions.entry(metric.clone()).or_insert(direction) != direction {
            bail!("{metric}: the direction is `higher` in some rows and `lower` in others");
        }
        panel.add((model, metric, method), (image, target), value);
    }
    let Aligned { units, samples } = panel.align().map_err(|twice| {
        let ((model, metric, method), (image, target)) = (twice.name, twice.unit);
        anyhow!("{}, {method}: {image} (target {target}) has more than one value", Label(&model, &metric))
    })?;
    let samples: Vec<(Name, Sample)> = samples.into_iter().collect();
    let same_board = |a: &(Name, Sample), b: &(Name, Sample)| (&a.0.0, &a.0.1) == (&b.0.0, &b.0.1);
    samples
        .chunk_by(same_board)
        .map(|samples| board(samples, &units, directions[&samples[0].0.1], allow_missing))
        .collect()
}

fn board(
    samples: &[(Name, Sample)],
    units: &[Unit],
    direction: Direction,
    allow_missing: bool,
) -> Result<ScoreTable> {
    let (model, metric, _) = &samples[0].0;
    if !allow_missing {
        check_complete(samples, units)?;
    }
    let numbers: Vec<Sample> = samples.iter().map(without_nan).collect();
    let kept = if allow_missing { common(&numbers, units.len(), &Label(model, metric)) } else { numbers };
    let methods = samples
        .iter()
        .zip(kept)
        .map(|((name, _), sample)| (name.2.clone(), sample.into_iter().map(|(_, value)| value).collect()));
    Ok(ScoreTable { model: model.clone(), metric: metric.clone(), direction, methods: methods.collect() })
}

fn check_complete(samples: &[(Name, Sample)], units: &[Unit]) -> Result<()> {
    let counts = coverage(samples.iter().map(|(_, sample)| sample), units.len());
    let all: Vec<usize> = (0..units.len()).filter(|&unit| counts[unit] > 0).collect();
    for ((model, metric, method), sample) in samples {
        if sample.len() == all.len() {
            continue;
        }
        let first = all.iter().zip(sample).position(|(unit, (has, _))| unit != has).unwrap_or(sample.len());
        let (image, target) = &units[all[first]];
        bail!(
            "{}, {method}: {} of {} images have no row, first {image} (target {target}); \
             --allow-missing compares the methods on the rest",
            Label(model, metric),
            all.len() - sample.len(),
            all.len()
        );
    }
    Ok(())
}

/// In how many of the samples each unit is.
fn coverage<'a>(samples: impl Iterator<Item = &'a Sample>, units: usize) -> Vec<usize> {
    let mut counts = vec![0; units];
    for &(unit, _) in samples.flatten() {
        counts[unit] += 1;
    }
    counts
}

fn without_nan(((model, metric, method), sample): &(Name, Sample)) -> Sample {
    let kept: Sample = sample.iter().copied().filter(|(_, value)| !value.is_nan()).collect();
    if kept.len() < sample.len() {
        let (dropped, all) = (sample.len() - kept.len(), sample.len());
        pipe::note(format_args!(
            "{}, {method}: {dropped} of {all} values are NaN and left out",
            Label(model, metric)
        ));
    }
    kept
}

fn common(samples: &[Sample], units: usize, label: &Label<'_>) -> Vec<Sample> {
    let counts = coverage(samples.iter(), units);
    let any = counts.iter().filter(|count| **count > 0).count();
    let all = counts.iter().filter(|count| **count == samples.len()).count();
    if all < any {
        pipe::note(format_args!(
            "{label}: compared on the {all} of {any} images with a value from every method"
        ));
    }
    let in_all = |sample: &Sample| -> Sample {
        sample.iter().copied().filter(|&(unit, _)| counts[unit] == samples.len()).collect()
    };
    samples.iter().map(in_all).collect()
}
