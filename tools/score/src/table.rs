//! From rows to rows.

use std::path::Path;

use anyhow::{Context, Result};
use pipe::npy::MapReader;
use pipe::{Boxes, Direction, Explained, Extra, Failures, OutputArgs, Response, Rows, Score, Writer, note};

use crate::curve::{Curve, Curves, Measured};
use crate::map::Map;
use crate::metric::{self, Wanted};

/// Columns of `perturb` that tell one row of a curve from another, so they say nothing about its score.
const OF_POINTS: [&str; 3] = ["information", "area", "overlap"];

/// Scores each curve.
///
/// # Errors
///
/// If a table is damaged, a test is unknown or the output cannot be written.
pub fn score_curves(rows: Rows<Response>, wanted: &Wanted, output: &OutputArgs) -> Result<()> {
    let carried: Vec<&String> =
        rows.extra_names().iter().filter(|name| !OF_POINTS.contains(&name.as_str())).collect();
    let mut out = Writer::open(output, &carried)?;
    for curve in Curves::new(rows) {
        score_curve(&curve?, wanted, &mut out)?;
    }
    out.finish()
}

fn score_curve(curve: &Curve, wanted: &Wanted, out: &mut Writer<Score>) -> Result<()> {
    let Response { image, target, model, method, test, extra, .. } = &curve.first;
    let place = || format!("{image}, {method}, {test}");
    let key = Key { image, target: *target, model, method, extra };
    for metric in metric::of_test(test).with_context(place)? {
        if wanted.has(&metric.name) {
            let value = metric.measure(curve).with_context(place)?;
            out.write(&key.score(metric.name, metric.direction, value))?;
        }
    }
    Ok(())
}

/// Scores each map that has boxes. A map that cannot be read is a failure of that map alone.
///
/// # Errors
///
/// If a table is damaged, the output cannot be written, or more maps failed than allowed.
pub fn score_maps(
    rows: Rows<Explained>,
    wanted: &Wanted,
    tolerance: f64,
    mut failures: Failures,
    output: &OutputArgs,
) -> Result<()> {
    let mut out = Writer::open(output, rows.extra_names())?;
    let mut maps = Maps { reader: MapReader::new(), wanted, tolerance };
    let (mut scored, mut without) = (0, 0);
    for row in rows {
        let row = row?;
        match boxes(&row) {
            Ok(None) => without += 1,
            result => {
                scored += 1;
                let scores = result.and_then(|boxes| maps.scores(&row, &boxes.unwrap_or_default()));
                match scores {
                    Ok(scores) => scores.iter().try_for_each(|score| out.write(score))?,
                    Err(error) => failures.add(&row.image, &row.method, "score", error)?,
                }
            }
        }
    }
    if without > 0 {
        note(format_args!("{without} of {} maps have no boxes: not scored", scored + without));
    }
    out.finish()?;
    failures.finish(scored)
}

fn boxes(row: &Explained) -> Result<Option<Boxes>> {
    let text = row.extra.get("boxes").unwrap_or_default();
    let boxes: Boxes = text.parse().map_err(|wanted| anyhow::anyhow!("`{text}` is not {wanted}"))?;
    Ok((!boxes.0.is_empty()).then_some(boxes))
}

struct Maps<'a> {
    reader: MapReader,
    wanted: &'a Wanted,
    tolerance: f64,
}

impl Maps<'_> {
    fn scores(&mut self, row: &Explained, boxes: &Boxes) -> Result<Vec<Score>> {
        let Explained { image, target, model, method, extra, .. } = row;
        let key = Key { image, target: *target, model, method, extra };
        let map = Map::new(&self.reader.read(Path::new(&row.map), row.map_index)?);
        let map = map.as_ref().map_err(Clone::clone);
        let pointing = match self.tolerance {
            0.0 => "pointing-game".to_owned(),
            pixels => format!("pointing-game:tolerance={pixels}"),
        };
        let values = [
            (pointing, map.clone().map(|map| map.pointing(boxes, self.tolerance))),
            ("energy-pointing-game".to_owned(), map.and_then(|map| map.energy(boxes))),
        ];
        let wanted = values.into_iter().filter(|(name, _)| self.wanted.has(name));
        Ok(wanted.map(|(name, value)| key.score(name, Direction::Higher, value)).collect())
    }
}

/// What a score says about where it comes from.
struct Key<'a> {
    image: &'a str,
    target: Option<usize>,
    model: &'a str,
    method: &'a str,
    extra: &'a Extra,
}

impl Key<'_> {
    /// A row; an undefined value is NaN, and the reason is said on standard error.
    fn score(&self, metric: String, direction: Direction, value: Measured) -> Score {
        let (value, reason) = value.map_or_else(|reason| (f64::NAN, reason), |value| (value, String::new()));
        if !reason.is_empty() {
            note(format_args!("{}, {}, {metric}: NaN: {reason}", self.image, self.method));
        }
        Score {
            image: self.image.to_owned(),
            target: self.target,
            model: self.model.to_owned(),
            method: self.method.to_owned(),
            metric,
            direction,
            value,
            reason,
            extra: self.extra.clone(),
        }
    }
}
