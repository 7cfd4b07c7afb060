//! From the responses of `perturb` to scores, one curve at a time.

use anyhow::Result;
use metrics::{Curve, Point, known_tests, of_test};
use pipe::{ErrorArgs, Failures, OutputArgs, Response, Rows, Score, Writer};

use crate::row::Key;
use crate::wanted::Wanted;

/// Columns of `perturb` that tell one row of a curve from another, so they say nothing about its score.
const OF_POINTS: [&str; 3] = ["information", "area", "overlap"];

/// Scores each curve. One that is damaged has NaN scores with a reason, and the others go on; a row that cannot be read is a
/// failure of its curve.
///
/// # Errors
///
/// If a table is damaged, the output cannot be written, or more curves failed than allowed.
pub fn score(rows: Rows<Response>, wanted: &Wanted, output: &OutputArgs, errors: &ErrorArgs) -> Result<()> {
    let of_curves = |name: &&String| !OF_POINTS.contains(&name.as_str());
    let carried: Vec<&String> = rows.extra_names().iter().filter(of_curves).collect();
    let mut scores =
        Scores { wanted, out: Writer::open(output, &carried)?, failures: errors.failures()?, count: 0 };
    for rows in (Curves { rows: rows.with_flaws(), next: None }) {
        scores.add(&rows?)?;
    }
    scores.out.finish()?;
    scores.failures.finish(scores.count)
}

/// The table of scores, and the failures.
struct Scores<'a> {
    wanted: &'a Wanted,
    out: Writer<Score>,
    failures: Failures,
    count: u64,
}

/// The rows that belong to one test of one map: the first one, and the points of all.
struct CurveRows {
    first: Response,
    points: Vec<Point>,
    /// Why an earlier stage could not make a curve.
    reason: String,
    /// What is wrong with a row.
    flaw: Option<String>,
}

impl Scores<'_> {
    fn add(&mut self, rows: &CurveRows) -> Result<()> {
        self.count += 1;
        let Response { image, method, test, .. } = &rows.first;
        if let Some(flaw) = &rows.flaw {
            self.failures.add(image, method, "score", flaw)?;
        }
        let Some(metrics) = of_test(test) else {
            let known = known_tests().join(", ");
            let error = format!("no metric is made from the test `{test}`; known tests are {known}");
            return if rows.flaw.is_some() {
                Ok(())
            } else {
                self.failures.add(image, method, "score", error)
            };
        };
        let key = Key::from(&rows.first);
        let curve = Curve::new(rows.points.clone());
        for metric in metrics.iter().filter(|metric| self.wanted.has(&metric.name)) {
            let known = rows.flaw.clone().or_else(|| (!rows.reason.is_empty()).then(|| rows.reason.clone()));
            let score = if let Some(reason) = known {
                key.score(&metric.name, metric.direction, Err(reason))
            } else {
                let value = curve.as_ref().map_err(Clone::clone).and_then(|curve| metric.measure(curve));
                key.told(&metric.name, metric.direction, value)
            };
            self.out.write(&score)?;
        }
        Ok(())
    }
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
            flaw = flaw.or_else(|| wrong.map(|flaw| flaw.to_string()));
            if reason.is_empty() {
                reason = row.reason;
            }
        }
        Ok(Some(CurveRows { first, points, reason, flaw }))
    }
}

impl<I: Iterator<Item = Result<Read>>> Iterator for Curves<I> {
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

/// Where a row cannot be read, its target may be what is lost.
fn same_curve(a: &Response, b: &Response, damaged: bool) -> bool {
    let lost = damaged && (a.target.is_none() || b.target.is_none());
    (a.target == b.target || lost)
        && a.image == b.image
        && a.test == b.test
        && a.method == b.method
        && a.model == b.model
}
