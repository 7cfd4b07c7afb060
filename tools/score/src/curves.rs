//! From the responses of `perturb` to scores, one curve at a time.

use anyhow::{Result, bail};
use metrics::{Curve, Point, known_tests, of_test};
use pipe::{OutputArgs, Response, Rows, Score, Writer};

use crate::row::Key;
use crate::wanted::Wanted;

/// Columns of `perturb` that tell one row of a curve from another, so they say nothing about its score.
const OF_POINTS: [&str; 3] = ["information", "area", "overlap"];

/// Scores each curve. One that is damaged has NaN scores with a reason, and the others go on.
///
/// # Errors
///
/// If a table is damaged, a test is unknown or the output cannot be written.
pub fn score(rows: Rows<Response>, wanted: &Wanted, output: &OutputArgs) -> Result<()> {
    let of_curves = |name: &&String| !OF_POINTS.contains(&name.as_str());
    let carried: Vec<&String> = rows.extra_names().iter().filter(of_curves).collect();
    let mut out = Writer::open(output, &carried)?;
    for rows in (Curves { rows, next: None }) {
        score_curve(&rows?, wanted, &mut out)?;
    }
    out.finish()
}

/// The rows that belong to one test of one map: the first one, and the points of all.
struct CurveRows {
    first: Response,
    points: Vec<Point>,
    /// Why an earlier stage could not make a curve.
    reason: String,
}

fn score_curve(rows: &CurveRows, wanted: &Wanted, out: &mut Writer<Score>) -> Result<()> {
    let Response { image, method, test, .. } = &rows.first;
    let Some(metrics) = of_test(test) else {
        let known = known_tests().join(", ");
        bail!("{image}, {method}, {test}: no metric is made from the test `{test}`; known tests are {known}");
    };
    let key = Key::from(&rows.first);
    let curve = Curve::new(rows.points.clone());
    for metric in metrics.iter().filter(|metric| wanted.has(&metric.name)) {
        let score = if rows.reason.is_empty() {
            let value = curve.as_ref().map_err(Clone::clone).and_then(|curve| metric.measure(curve));
            key.told(&metric.name, metric.direction, value)
        } else {
            key.score(&metric.name, metric.direction, Err(rows.reason.clone()))
        };
        out.write(&score)?;
    }
    Ok(())
}

/// Joins rows that follow one another and have one key.
struct Curves<I> {
    rows: I,
    next: Option<Response>,
}

impl<I: Iterator<Item = Result<Response>>> Curves<I> {
    fn next_curve(&mut self) -> Result<Option<CurveRows>> {
        let Some(first) = self.next.take().map(Ok).or_else(|| self.rows.next()).transpose()? else {
            return Ok(None);
        };
        let mut points = vec![point(&first)];
        let mut reason = first.reason.clone();
        while let Some(row) = self.rows.next().transpose()? {
            if !same_curve(&row, &first) {
                self.next = Some(row);
                break;
            }
            points.push(point(&row));
            if reason.is_empty() {
                reason = row.reason;
            }
        }
        Ok(Some(CurveRows { first, points, reason }))
    }
}

impl<I: Iterator<Item = Result<Response>>> Iterator for Curves<I> {
    type Item = Result<CurveRows>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_curve().transpose()
    }
}

fn point(row: &Response) -> Point {
    Point {
        place: row.point,
        of: row.points,
        fraction: row.fraction,
        probability: row.probability,
        hit: row.predicted.map(|predicted| Some(predicted) == row.target),
    }
}

fn same_curve(a: &Response, b: &Response) -> bool {
    a.target == b.target
        && a.image == b.image
        && a.test == b.test
        && a.method == b.method
        && a.model == b.model
}
