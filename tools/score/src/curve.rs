//! One perturbation curve at a time, and what is measured on it.

use anyhow::{Context, Result, bail};
use pipe::Response;
use stats::curve::{self, CurveError};

/// The responses to one test of one map.
pub struct Curve {
    /// The first row, for what all of them share.
    pub first: Response,
    /// All rows in order.
    pub points: Vec<Point>,
}

/// One perturbed image.
pub struct Point {
    fraction: f64,
    probability: f64,
    predicted: Option<usize>,
}

/// A metric's value, or why it is not defined.
pub type Measured = Result<f64, String>;

impl From<&Response> for Point {
    fn from(row: &Response) -> Self {
        Self { fraction: row.fraction, probability: row.probability, predicted: row.predicted }
    }
}

/// Joins rows that follow one another and belong to one test of one map.
pub struct Curves<I> {
    rows: I,
    next: Option<Response>,
}

impl<I: Iterator<Item = Result<Response>>> Curves<I> {
    /// Takes rows as `perturb` writes them.
    pub fn new(rows: I) -> Self {
        Self { rows, next: None }
    }

    fn next_curve(&mut self) -> Result<Option<Curve>> {
        let Some(first) = self.next.take().map(Ok).or_else(|| self.rows.next()).transpose()? else {
            return Ok(None);
        };
        let mut points = vec![Point::from(&first)];
        while let Some(row) = self.rows.next().transpose()? {
            if !same_curve(&row, &first) {
                self.next = Some(row);
                break;
            }
            points.push(Point::from(&row));
        }
        Ok(Some(Curve { first, points }))
    }
}

impl<I: Iterator<Item = Result<Response>>> Iterator for Curves<I> {
    type Item = Result<Curve>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_curve().transpose()
    }
}

fn same_curve(a: &Response, b: &Response) -> bool {
    a.target == b.target
        && a.image == b.image
        && a.test == b.test
        && a.method == b.method
        && a.model == b.model
}

/// Area under the target's probability.
///
/// # Errors
///
/// If the fractions fall, as they do where two curves were joined.
pub fn area_of_probability(curve: &Curve, scale: f64) -> Result<Measured> {
    area(curve, scale, |point| point.probability)
}

/// Area under 1 where the target is predicted and 0 where it is not.
///
/// # Errors
///
/// If the fractions fall, as they do where two curves were joined.
pub fn area_of_hits(curve: &Curve, scale: f64) -> Result<Measured> {
    area(curve, scale, |point| f64::from(u8::from(point.predicted == curve.first.target)))
}

fn area(curve: &Curve, scale: f64, height: impl Fn(&Point) -> f64) -> Result<Measured> {
    let points: Vec<(f64, f64)> = curve.points.iter().map(|point| (point.fraction, height(point))).collect();
    match curve::area(&points) {
        Err(error @ CurveError::Backwards { .. }) => {
            Err(error).context("the rows of one curve must stand together, by rising fraction")
        }
        Err(error) => Ok(Err(error.to_string())),
        Ok(area) if area.is_finite() => Ok(Ok(area * scale)),
        Ok(_) => Ok(Err("a probability is not a finite number".to_owned())),
    }
}

/// Share of the clean image's probability that the masked image loses.
///
/// # Errors
///
/// If there are other rows than the clean and the masked image's.
pub fn drop_of_confidence(curve: &Curve, scale: f64) -> Result<Measured> {
    let (clean, masked) = clean_and_masked(curve)?;
    if clean == 0.0 {
        return Ok(Err("the clean image has probability 0".to_owned()));
    }
    Ok(comparable(clean, masked).map(|()| scale * (clean - masked).max(0.0) / clean))
}

/// Whether the masked image has a higher probability than the clean one.
///
/// # Errors
///
/// If there are other rows than the clean and the masked image's.
pub fn rise_of_confidence(curve: &Curve, scale: f64) -> Result<Measured> {
    let (clean, masked) = clean_and_masked(curve)?;
    Ok(comparable(clean, masked).map(|()| if masked > clean { scale } else { 0.0 }))
}

fn clean_and_masked(curve: &Curve) -> Result<(f64, f64)> {
    let [clean, masked] = &curve.points[..] else {
        let (test, found) = (&curve.first.test, curve.points.len());
        bail!("test `{test}` has {found} rows, where the clean and the masked image's are needed");
    };
    Ok((clean.probability, masked.probability))
}

fn comparable(clean: f64, masked: f64) -> Result<(), String> {
    if clean.is_finite() && masked.is_finite() {
        Ok(())
    } else {
        Err("a probability is not a finite number".to_owned())
    }
}
