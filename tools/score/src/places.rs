//! Maps by themselves, and with the boxes around the object.

use anyhow::{Result, anyhow, bail};
use maps::Map;
use metrics::{Input, Measure, Measured, ParsedMetric};
use pipe::{Boxes, CheckedMaps, Explained, Rows, note};
use rayon::prelude::*;

use crate::maps::{BLOCK, MapScores, Outcome, flawed, read};

/// Scores each map, by its boxes where the metric needs some. A map that cannot be read is a failure of that map alone.
///
/// # Errors
///
/// If a table is damaged, the output cannot be written, or more maps failed than allowed.
pub fn score(rows: Rows<Explained>, open: impl FnOnce(&[String]) -> Result<MapScores>) -> Result<()> {
    let mut scores = open(rows.extra_names())?;
    let have_boxes = rows.extra_names().iter().any(|name| name == "boxes");
    let need_boxes = scores.metrics.iter().any(|metric| metric.metric.input == Input::Place);
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
        without += block.iter().filter(|(row, _)| text(row).is_empty()).count();
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
        note("no column `boxes` says where the objects are: no map is scored");
    } else if need_boxes && have_boxes && without > 0 {
        note(format_args!("{without} of {all} maps have no boxes: their scores are NaN"));
    }
    scores.finish()
}

fn text(row: &Explained) -> &str {
    row.extra.get("boxes").unwrap_or_default().trim()
}

fn outcome(reader: &mut CheckedMaps, row: &Explained, metrics: &[ParsedMetric]) -> Outcome {
    if !row.reason.is_empty() {
        return Outcome::Undefined(row.reason.clone());
    }
    // Where nothing but places is measured, a map without boxes need not be there.
    if text(row).is_empty() && metrics.iter().all(|metric| metric.metric.input == Input::Place) {
        return Outcome::Undefined("no boxes".to_owned());
    }
    measure(reader, row, metrics).unwrap_or_else(Outcome::Failed)
}

fn measure(reader: &mut CheckedMaps, row: &Explained, metrics: &[ParsedMetric]) -> Result<Outcome> {
    let boxes: Option<Boxes> = match text(row) {
        "" => None,
        text => Some(text.parse().map_err(|wanted| anyhow!("`{text}` is not {wanted}"))?),
    };
    let map = match read(reader, row)? {
        Ok(map) => map,
        Err(reason) => return Ok(Outcome::Measured(vec![Err(reason); metrics.len()])),
    };
    if let Some(boxes) = &boxes {
        check_size(&map, boxes)?;
    }
    let value = |metric: &ParsedMetric| -> Measured {
        match (&metric.measure, &boxes) {
            (Measure::Map(measure), _) => measure(&map),
            (Measure::Place(measure), Some(boxes)) => measure(&map, boxes),
            (Measure::Place(_), None) => Err("no boxes".to_owned()),
            _ => Err(format!("{} is not a metric of a map", metric.metric.name)),
        }
    };
    Ok(Outcome::Measured(metrics.iter().map(value).collect()))
}

/// Boxes that reach beyond the map were made for an image of another size.
fn check_size(map: &Map, boxes: &Boxes) -> Result<()> {
    let [height, width] = map.size();
    let beyond = boxes
        .0
        .iter()
        .find(|area| area.x0 < 0.0 || area.y0 < 0.0 || area.x1 > width as f64 || area.y1 > height as f64);
    match beyond {
        Some(area) => {
            let area = Boxes(vec![*area]);
            bail!("the box `{area}` reaches beyond the map, which is {width} wide and {height} high")
        }
        None => Ok(()),
    }
}
