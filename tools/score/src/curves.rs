//! From the responses of `perturb` to scores, one curve at a time.

use std::path::Path;

use anyhow::Result;
use metrics::{Curve, Measure, OfTest, Point, Selection, known_tests, name_of, without_order};
use pipe::{ErrorArgs, Failures, OutputArgs, Response, Rows, Score, Writer};

use crate::again::{Again, Found, Place};
use crate::of_map::{self, Known};
use crate::row::Key;

/// Columns of `perturb` that tell one row of a curve from another, so they say nothing about its score.
const OF_POINTS: [&str; 9] = [
    "overlap",
    "kept",
    "kept_index",
    "relative",
    "logit_distance",
    "feature_distance",
    "second",
    "sample",
    "explained",
];

/// Scores each curve. One that is damaged has NaN scores with a reason, and the others go on; a row that cannot be read is a
/// failure of its curve.
///
/// # Errors
///
/// If a table is damaged, the output cannot be written, or more curves failed than allowed.
pub fn score(
    rows: Rows<Response>,
    selection: &Selection,
    second: Option<&Path>,
    (output, errors): (&OutputArgs, &ErrorArgs),
) -> Result<()> {
    let of_curves = |name: &&String| !OF_POINTS.contains(&name.as_str());
    let carried: Vec<&String> = rows.extra_names().iter().filter(of_curves).collect();
    let out = Writer::open(output, &carried)?;
    let (failures, maps) = (errors.failures()?, Again::new(second)?);
    let mut scores = Scores { selection, out, failures, count: 0, of_map: Vec::new(), maps };
    for rows in (Curves { rows: rows.with_flaws(), next: None }) {
        scores.add(rows?)?;
    }
    scores.end_of_map()?;
    scores.out.finish()?;
    scores.failures.finish(scores.count)
}

/// The table of scores, and the failures.
struct Scores<'a> {
    selection: &'a Selection,
    out: Writer<Score>,
    failures: Failures,
    count: u64,
    /// The curves of the map so far that metrics of several curves are made from.
    of_map: Vec<Known>,
    maps: Again,
}

/// The rows that belong to one test of one map: the first one, and the points of all.
struct CurveRows {
    first: Response,
    points: Vec<Point>,
    /// The map of each point, if they were made from images of their own.
    maps: Vec<Place>,
    /// Why an earlier stage could not make a curve.
    reason: String,
    /// What is wrong with a row.
    flaw: Option<String>,
}

impl Scores<'_> {
    fn add(&mut self, rows: CurveRows) -> Result<()> {
        self.count += 1;
        if self.of_map.first().is_some_and(|known| !same_map(&known.first, &rows.first)) {
            self.end_of_map()?;
        }
        let Response { image, method, test, .. } = &rows.first;
        if let Some(flaw) = &rows.flaw {
            self.failures.add(image, method, "score", flaw)?;
        }
        if !known_tests().contains(&name_of(test)) {
            let known = known_tests().join(", ");
            let error = format!("no metric is made from the test `{test}`; known tests are {known}");
            return if rows.flaw.is_some() {
                Ok(())
            } else {
                self.failures.add(image, method, "score", error)
            };
        }
        let key = Key::from(&rows.first);
        let known = rows.flaw.clone().or_else(|| (!rows.reason.is_empty()).then(|| rows.reason.clone()));
        let is_told = known.is_some();
        let curve = known.map_or_else(|| Curve::new(rows.points.clone()), Err);
        for OfTest { name, direction, metric } in self.selection.of_test(test) {
            let value = curve.as_ref().map_err(Clone::clone).and_then(|curve| match &metric.measure {
                Measure::Curve(measure) => measure(curve),
                _ => Err(format!("{name} is not a metric of a curve")),
            });
            let score =
                if is_told { key.score(&name, direction, value) } else { key.told(&name, direction, value) };
            self.out.write(&score)?;
        }
        let maps = self.maps(&rows, &curve)?;
        let known = Known { first: rows.first, curve, maps };
        self.again(&known, is_told)?;
        if self.selection.needs_more_than(&without_order(&known.first.test).0) {
            self.of_map.push(known);
        }
        Ok(())
    }

    /// The maps of a test whose images were explained again, or why there are none; nothing where no metric needs them, or where the
    /// images were not kept and no metric is asked for.
    fn maps(
        &mut self,
        rows: &CurveRows,
        curve: &Result<Curve, String>,
    ) -> Result<Option<Result<Found, String>>> {
        let CurveRows { first, maps, .. } = rows;
        if !self.selection.needs_maps(&first.test) || (maps.is_empty() && !self.selection.is_named()) {
            return Ok(None);
        }
        let curve = match curve {
            Ok(curve) => curve,
            Err(reason) => return Ok(Some(Err(reason.clone()))),
        };
        self.maps
            .all(first, maps, curve)
            .or_else(|error| {
                let reason = format!("{error:#}");
                self.failures.add(&first.image, &first.method, "score", &reason)?;
                Ok(Err(reason))
            })
            .map(Some)
    }

    /// The metrics of a test whose images were explained again.
    fn again(&mut self, known: &Known, is_told: bool) -> Result<()> {
        let Some(explained) = known.explanations() else { return Ok(()) };
        let key = Key::from(&known.first);
        for OfTest { name, direction, metric } in self.selection.of_again(&known.first.test) {
            let value = explained.clone().and_then(|explained| match &metric.measure {
                Measure::Again(measure) => measure(&explained),
                _ => Err(format!("{name} is not a metric of maps")),
            });
            let score =
                if is_told { key.score(&name, direction, value) } else { key.told(&name, direction, value) };
            self.out.write(&score)?;
        }
        Ok(())
    }

    /// The metrics of several tests that the map that ends here went through.
    fn end_of_map(&mut self) -> Result<()> {
        let scores = of_map::scores(&std::mem::take(&mut self.of_map), self.selection);
        scores.iter().try_for_each(|score| self.out.write(score))
    }
}

fn same_map(a: &Response, b: &Response) -> bool {
    a.target == b.target && a.image == b.image && a.method == b.method && a.model == b.model
}

/// A row and what is wrong with it.
type Read = (Response, Option<pipe::Error>);

/// Joins rows that follow one another and have one key.
struct Curves<I> {
    rows: I,
    next: Option<Read>,
}

impl<I: Iterator<Item = Result<Read>>> Curves<I> {
    fn next_curve(&mut self) -> Result<Option<CurveRows>> {
        let Some((mut first, flaw)) = self.next.take().map(Ok).or_else(|| self.rows.next()).transpose()?
        else {
            return Ok(None);
        };
        let mut points = vec![point(&first)];
        let mut maps = vec![Place::of(&first)];
        let mut reason = first.reason.clone();
        let mut flaw = flaw.map(|flaw| flaw.to_string());
        while let Some((row, wrong)) = self.rows.next().transpose()? {
            let damaged = flaw.is_some() || wrong.is_some();
            if !same_curve(&row, &first, damaged) {
                self.next = Some((row, wrong));
                break;
            }
            first.target = first.target.or(row.target);
            points.push(point(&row));
            maps.push(Place::of(&row));
            flaw = flaw.or_else(|| wrong.map(|flaw| flaw.to_string()));
            if reason.is_empty() {
                reason = row.reason;
            }
        }
        let maps = if maps.iter().any(Place::is_kept) { maps } else { Vec::new() };
        Ok(Some(CurveRows { first, points, maps, reason, flaw }))
    }
}

impl<I: Iterator<Item = Result<Read>>> Iterator for Curves<I> {
    type Item = Result<CurveRows>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_curve().transpose()
    }
}

fn point(row: &Response) -> Point {
    // A cell of a carried column that is no number is as good as none: what needs it says so.
    let number = |column: &str| row.extra.get(column)?.parse().ok();
    Point {
        place: row.point,
        of: row.points,
        fraction: row.fraction,
        probability: row.probability,
        predicted: row.predicted,
        logit: row.logit,
        mass: row.mass,
        information: row.information,
        area: row.area,
        distance: row.distance,
        relative: number("relative"),
        logit_distance: number("logit_distance"),
        feature_distance: number("feature_distance"),
        second: row.extra.get("second").and_then(|class| class.parse().ok()),
        hit: row.predicted.map(|predicted| Some(predicted) == row.target),
    }
}

/// Where a row cannot be read, its target may be what is lost.
fn same_curve(a: &Response, b: &Response, damaged: bool) -> bool {
    let lost = damaged && (a.target.is_none() || b.target.is_none());
    (a.target == b.target || lost)
        && a.image == b.image
        && a.test == b.test
        && a.method == b.method
        && a.model == b.model
}
