//! Maps and the boxes around the object.

use anyhow::{Result, anyhow, bail};
use maps::Map;
use metrics::Kind;
use pipe::{Boxes, CheckedMaps, Explained, Rows, note};
use rayon::prelude::*;

use crate::maps::{BLOCK, MapScores, Outcome, flawed, read};
use crate::wanted::OfMaps;

/// Scores each map by its boxes. A map that cannot be read is a failure of that map alone.
///
/// # Errors
///
/// If a table is damaged, the output cannot be written, or more maps failed than allowed.
pub fn score(
    rows: Rows<Explained>,
    tolerance: f64,
    open: impl FnOnce(&[String]) -> Result<MapScores>,
) -> Result<()> {
    let mut scores = open(rows.extra_names())?;
    let have_boxes = rows.extra_names().iter().any(|name| name == "boxes");
    let (mut without, mut all) = (0, 0);
    let mut rows = rows.with_flaws();
    loop {
        let block: Vec<(Explained, Option<pipe::Error>)> =
            rows.by_ref().take(BLOCK).collect::<Result<_>>()?;
        if block.is_empty() {
            break;
        }
        all += block.len();
        if !have_boxes {
            continue;
        }
        without += block.iter().filter(|(row, _)| text(row).trim().is_empty()).count();
        let metrics = &scores.metrics;
        let outcomes: Vec<Outcome> = block
            .par_iter()
            .map_init(CheckedMaps::default, |reader, (row, flaw)| match flaw {
                Some(flaw) => flawed(flaw),
                None => outcome(reader, row, metrics, tolerance),
            })
            .collect();
        for ((row, _), outcome) in block.iter().zip(outcomes) {
            scores.write(row, outcome)?;
        }
    }
    if all > 0 && !have_boxes {
        note("no column `boxes` says where the objects are: no map is scored");
    } else if without > 0 {
        note(format_args!("{without} of {all} maps have no boxes: their scores are NaN"));
    }
    scores.finish()
}

fn text(row: &Explained) -> &str {
    row.extra.get("boxes").unwrap_or_default()
}

fn outcome(reader: &mut CheckedMaps, row: &Explained, metrics: &[OfMaps], tolerance: f64) -> Outcome {
    if !row.reason.is_empty() {
        return Outcome::Undefined(row.reason.clone());
    }
    if text(row).trim().is_empty() {
        return Outcome::Undefined("no boxes".to_owned());
    }
    measure(reader, row, metrics, tolerance).unwrap_or_else(Outcome::Failed)
}

fn measure(reader: &mut CheckedMaps, row: &Explained, metrics: &[OfMaps], tolerance: f64) -> Result<Outcome> {
    let boxes: Boxes = text(row).parse().map_err(|wanted| anyhow!("`{}` is not {wanted}", text(row)))?;
    let map = match read(reader, row)? {
        Ok(map) => map,
        Err(reason) => return Ok(Outcome::Measured(vec![Err(reason); metrics.len()])),
    };
    check_size(&map, &boxes)?;
    let value = |OfMaps { metric, .. }: &OfMaps| match metric.kind {
        Kind::Place(measure) => measure(&map, &boxes, tolerance),
        _ => Err(format!("{} is not a metric of boxes", metric.name)),
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
