//! Maps and those of another table: of other weights, of a disturbed image, of another target.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Result, bail};
use maps::Map;
use metrics::{Measure, Measured, ParsedMetric};
use pipe::{CheckedMaps, Explained, Rows, input_name, note};
use rayon::prelude::*;

use crate::maps::{BLOCK, MapScores, Outcome, Readable, flawed, read};

/// Scores each map by its partner in the reference. One without a partner is a failure.
///
/// # Errors
///
/// If a table is damaged or has two maps for one key, the output cannot be written, or more maps failed than allowed.
pub fn score(
    reference: &Path,
    rows: Rows<Explained>,
    open: impl FnOnce(&[String]) -> Result<MapScores>,
) -> Result<()> {
    let name = input_name(reference);
    let mut reference = Reference::read(reference)?;
    let mut scores = open(rows.extra_names())?;
    let rows = sound(rows, |row, flaw| scores.write(row, flawed(&flaw)))?;
    let alone = alone(&rows)?;
    let partners: Vec<Option<usize>> =
        rows.iter().map(|row| reference.partner(row, alone[&group(row)] == 1)).collect();
    for (row, flaw) in &reference.flawed {
        scores.fail(&row.image, &row.method, &flaw.to_string())?;
    }
    for (rows, partners) in rows.chunks(BLOCK).zip(partners.chunks(BLOCK)) {
        let metrics = &scores.metrics;
        let outcomes: Vec<Outcome> = rows
            .par_iter()
            .zip(partners)
            .map_init(Default::default, |readers, (row, partner)| match partner {
                Some(partner) => outcome(readers, &reference.maps[*partner], row, metrics),
                None => Outcome::Failed(anyhow::anyhow!("target {} has no partner in {name}", target(row))),
            })
            .collect();
        for (row, outcome) in rows.iter().zip(outcomes) {
            scores.write(row, outcome)?;
        }
    }
    for row in reference.unused() {
        scores.fail(&row.image, &row.method, &format!("target {} of {name} has no partner", target(row)))?;
    }
    tell_differences(&rows, &partners, &reference);
    scores.finish()
}

/// The rows that can be read; the others are told.
fn sound(
    rows: Rows<Explained>,
    mut tell: impl FnMut(&Explained, pipe::Error) -> Result<()>,
) -> Result<Vec<Explained>> {
    let mut sound = Vec::new();
    for read in rows.with_flaws() {
        match read? {
            (row, Some(flaw)) => tell(&row, flaw)?,
            (row, None) => sound.push(row),
        }
    }
    Ok(sound)
}

/// Image, method and model.
type Group<'a> = (&'a str, &'a str, &'a str);

fn group(row: &Explained) -> Group<'_> {
    (&row.image, &row.method, &row.model)
}

/// How many targets of each image are explained by one method of one model.
fn alone(rows: &[Explained]) -> Result<HashMap<Group<'_>, usize>> {
    let mut keys = BTreeSet::new();
    let mut counts = HashMap::new();
    for row in rows {
        if !keys.insert((group(row), row.target)) {
            bail!("{}, target {}, {}: more than one map", row.image, target(row), row.method);
        }
        *counts.entry(group(row)).or_insert(0) += 1;
    }
    Ok(counts)
}

fn target(row: &Explained) -> String {
    row.target.map_or_else(|| "unknown".to_owned(), |target| target.to_string())
}

/// The maps that others are compared with.
struct Reference {
    maps: Vec<Explained>,
    /// Rows that cannot be read.
    flawed: Vec<(Explained, pipe::Error)>,
    /// By image and method, then by target.
    places: HashMap<(String, String), BTreeMap<Option<usize>, usize>>,
    used: Vec<bool>,
}

impl Reference {
    fn read(path: &Path) -> Result<Self> {
        let mut flawed = Vec::new();
        let maps = sound(Rows::open(&[path])?, |row, flaw| {
            flawed.push((row.clone(), flaw));
            Ok(())
        })?;
        let mut places: HashMap<_, BTreeMap<Option<usize>, usize>> = HashMap::new();
        for (at, row) in maps.iter().enumerate() {
            let key = (row.image.clone(), row.method.clone());
            if places.entry(key).or_default().insert(row.target, at).is_some() {
                let Explained { image, method, .. } = row;
                bail!("{}: {image}, target {}, {method}: more than one map", input_name(path), target(row));
            }
        }
        Ok(Self { used: vec![false; maps.len()], maps, flawed, places })
    }

    /// The map of the same target, or of the only other one where each side explains one.
    fn partner(&mut self, row: &Explained, alone: bool) -> Option<usize> {
        let maps = self.places.get(&(row.image.clone(), row.method.clone()))?;
        let only = || maps.values().next().filter(|_| alone && maps.len() == 1);
        let at = *maps.get(&row.target).or_else(only)?;
        self.used[at] = true;
        Some(at)
    }

    fn unused(&self) -> impl Iterator<Item = &Explained> {
        self.maps.iter().zip(&self.used).filter(|(_, used)| !**used).map(|(row, _)| row)
    }
}

fn outcome(
    (for_a, for_b): &mut (CheckedMaps, CheckedMaps),
    a: &Explained,
    b: &Explained,
    metrics: &[ParsedMetric],
) -> Outcome {
    if !b.reason.is_empty() {
        return Outcome::Undefined(b.reason.clone());
    }
    if !a.reason.is_empty() {
        return Outcome::Undefined(format!("the map to compare with is missing: {}", a.reason));
    }
    let both = read(for_a, a, None).and_then(|a| Ok((a, read(for_b, b, None)?)));
    both.and_then(|(a, b)| measure(a, b, metrics)).unwrap_or_else(Outcome::Failed)
}

fn measure(a: Readable, b: Readable, metrics: &[ParsedMetric]) -> Result<Outcome> {
    let (a, b) = match (a, b) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(reason), _) | (_, Err(reason)) => {
            return Ok(Outcome::Measured(vec![Err(reason); metrics.len()]));
        }
    };
    check_sizes(&a, &b)?;
    let value = |metric: &ParsedMetric| -> Measured {
        match &metric.measure {
            Measure::Maps(measure) => measure(&a, &b),
            _ => Err(format!("{} is not a metric of two maps", metric.metric.name)),
        }
    };
    Ok(Outcome::Measured(metrics.iter().map(value).collect()))
}

fn check_sizes(a: &Map, b: &Map) -> Result<()> {
    let ([height_a, width_a], [height_b, width_b]) = (a.size(), b.size());
    if a.size() != b.size() {
        bail!("the maps are {height_a} x {width_a} and {height_b} x {width_b} pixels");
    }
    Ok(())
}

/// Other models and targets may be what is to be compared, or a mistake.
fn tell_differences(rows: &[Explained], partners: &[Option<usize>], reference: &Reference) {
    let pairs = || rows.iter().zip(partners).filter_map(|(b, a)| Some((&reference.maps[(*a)?], b)));
    let models: BTreeSet<(&str, &str)> =
        pairs().filter(|(a, b)| a.model != b.model).map(|(a, b)| (&*a.model, &*b.model)).collect();
    for (a, b) in models {
        note(format_args!("maps of `{b}` are compared with maps of `{a}`"));
    }
    let targets = pairs().filter(|(a, b)| a.target != b.target).count();
    if targets > 0 {
        note(format_args!("{targets} maps explain another target than those that they are compared with"));
    }
}
