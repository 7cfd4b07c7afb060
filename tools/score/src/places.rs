//! Maps by themselves, and with boxes around the object or a mask of it.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use maps::{Map, Mask};
use metrics::{Input, Measure, Measured, ParsedMetric, Truth};
use pipe::npy::MapReader;
use pipe::{Boxes, CheckedMaps, Explained, Rows, note};
use rayon::prelude::*;

use crate::maps::{BLOCK, MapScores, Outcome, flawed, read};

/// Why there is no truth.
const NOTHING: &str = "no boxes and no mask";

/// The columns that say where the object is.
const OF_TRUTH: [&str; 2] = ["boxes", "mask"];

/// Scores each map, by its boxes or its mask where the metric needs some. A map that cannot be read is a failure of that map
/// alone.
///
/// # Errors
///
/// If a table is damaged, the output cannot be written, or more maps failed than allowed.
pub fn score(rows: Rows<Explained>, open: impl FnOnce(&[String]) -> Result<MapScores>) -> Result<()> {
    let mut scores = open(rows.extra_names())?;
    let have_truth = have_truth(rows.extra_names());
    let need_truth = scores.metrics.iter().any(|metric| metric.metric.input == Input::Place);
    let (mut without, mut all) = (0, 0);
    let mut rows = rows.with_flaws();
    loop {
        let block: Vec<(Explained, Option<pipe::Error>)> =
            rows.by_ref().take(BLOCK).collect::<Result<_>>()?;
        if block.is_empty() {
            break;
        }
        all += block.len();
        if scores.metrics.is_empty() {
            continue;
        }
        without += block.iter().filter(|(row, _)| Given::of(row).is_nothing()).count();
        let metrics = &scores.metrics;
        let outcomes: Vec<Outcome> = block
            .par_iter()
            .map_init(CheckedMaps::default, |reader, (row, flaw)| match flaw {
                Some(flaw) => flawed(flaw),
                None => outcome(reader, row, metrics),
            })
            .collect();
        for ((row, _), outcome) in block.iter().zip(outcomes) {
            scores.write(row, outcome)?;
        }
    }
    if all > 0 && scores.metrics.is_empty() {
        note("no column `boxes` or `mask` says where the objects are: no map is scored");
    } else if need_truth && have_truth && without > 0 {
        note(format_args!("{without} of {all} maps have no boxes and no mask: their scores are NaN"));
    }
    scores.finish()
}

/// Whether a table has a column that says where the object is.
pub fn have_truth(columns: &[String]) -> bool {
    columns.iter().any(|name| OF_TRUTH.contains(&name.as_str()))
}

/// What a row says about where the object is.
struct Given<'a> {
    boxes: &'a str,
    mask: &'a str,
}

impl<'a> Given<'a> {
    fn of(row: &'a Explained) -> Self {
        let [boxes, mask] = OF_TRUTH.map(|name| row.extra.get(name).unwrap_or_default().trim());
        Self { boxes, mask }
    }

    fn is_nothing(&self) -> bool {
        self.boxes.is_empty() && self.mask.is_empty()
    }

    /// The boxes, if there are any.
    fn boxes(&self) -> Result<Option<Boxes>> {
        if self.boxes.is_empty() {
            return Ok(None);
        }
        self.boxes.parse().map(Some).map_err(|wanted| anyhow!("`{}` is not {wanted}", self.boxes))
    }

    /// Where the object is in a map of this size. A mask says more than boxes: these are its boxes then.
    fn truth(&self, boxes: Option<&Boxes>, size: [usize; 2]) -> Result<Option<Truth>> {
        let truth = match (self.mask, boxes) {
            ("", None) => return Ok(None),
            ("", Some(boxes)) => Truth::of_boxes(boxes, size),
            (path, boxes) => Truth::of_mask(read_mask(path)?, boxes, size),
        };
        truth.map(Some).map_err(anyhow::Error::msg)
    }
}

fn read_mask(path: &str) -> Result<Mask> {
    let array = MapReader::new().read(Path::new(path), None)?;
    let grey = Map::new(&array.shape, array.data, 1);
    grey.and_then(|grey| Mask::of(&grey)).with_context(|| format!("the mask {path}"))
}

fn outcome(reader: &mut CheckedMaps, row: &Explained, metrics: &[ParsedMetric]) -> Outcome {
    if !row.reason.is_empty() {
        return Outcome::Undefined(row.reason.clone());
    }
    // Where nothing but places is measured, a map without boxes need not be there.
    if Given::of(row).is_nothing() && metrics.iter().all(|metric| metric.metric.input == Input::Place) {
        return Outcome::Undefined(NOTHING.to_owned());
    }
    measure(reader, row, metrics).unwrap_or_else(Outcome::Failed)
}

fn measure(reader: &mut CheckedMaps, row: &Explained, metrics: &[ParsedMetric]) -> Result<Outcome> {
    let given = Given::of(row);
    let boxes = given.boxes()?;
    let map = match read(reader, row, None)? {
        Ok(map) => map,
        Err(reason) => return Ok(Outcome::Measured(vec![Err(reason); metrics.len()])),
    };
    let placed = metrics.iter().any(|metric| metric.metric.input == Input::Place);
    let truth = if placed { given.truth(boxes.as_ref(), map.size())? } else { None };
    let value = |metric: &ParsedMetric| -> Measured {
        match (&metric.measure, &truth) {
            (Measure::Map(measure), _) => measure(&map),
            (Measure::Place(measure), Some(truth)) => measure(&map, truth),
            (Measure::Place(_), None) => Err(NOTHING.to_owned()),
            _ => Err(format!("{} is not a metric of a map", metric.metric.name)),
        }
    };
    Ok(Outcome::Measured(metrics.iter().map(value).collect()))
}
