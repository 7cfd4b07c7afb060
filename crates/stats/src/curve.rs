//! The area under a curve given by points.

use thiserror::Error;

use crate::summary::sum;

/// Why points are not a curve. Positions count from zero.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CurveError {
    /// Fewer than two points enclose no area.
    #[error("a curve needs two points, not {count}")]
    TooShort {
        /// How many points there are.
        count: usize,
    },
    /// An abscissa is NaN or infinite.
    #[error("x is {x:?} at point {position}")]
    NotFinite {
        /// Which point.
        position: usize,
        /// Its abscissa.
        x: f64,
    },
    /// An abscissa is smaller than the one before it.
    #[error("x falls from {before:?} to {x:?} at point {position}")]
    Backwards {
        /// Which point.
        position: usize,
        /// The abscissa of the point before.
        before: f64,
        /// Its abscissa.
        x: f64,
    },
    /// All points lie above one another, so that a mean over x has no meaning.
    #[error("all points have x = {x:?}")]
    NoWidth {
        /// Their abscissa.
        x: f64,
    },
}

/// The area between the x axis and the straight lines that join `(x, y)` points, by the trapezoidal rule.
///
/// x must not fall. Two points with the same x are a vertical step, which encloses nothing. A NaN among the y makes
/// the area NaN.
///
/// # Errors
///
/// Fewer than two points, an x that is not finite, or one smaller than the x before it.
pub fn area(points: &[(f64, f64)]) -> Result<f64, CurveError> {
    check(points)?;
    Ok(sum(points.windows(2).map(|pair| trapezoid(pair[0], pair[1]))))
}

/// The mean height of a curve: its area divided by its width.
///
/// It does not change with the unit of x, so curves over fractions, percents and pixels compare.
///
/// # Errors
///
/// Those of [`area`], and a curve of no width.
pub fn mean_height(points: &[(f64, f64)]) -> Result<f64, CurveError> {
    let area = area(points)?;
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    if first == last {
        return Err(CurveError::NoWidth { x: first });
    }
    Ok(area / (last - first))
}

fn trapezoid((x0, y0): (f64, f64), (x1, y1): (f64, f64)) -> f64 {
    (x1 - x0) * (y0 + y1) / 2.0
}

fn check(points: &[(f64, f64)]) -> Result<(), CurveError> {
    if points.len() < 2 {
        return Err(CurveError::TooShort { count: points.len() });
    }
    if let Some(position) = points.iter().position(|point| !point.0.is_finite()) {
        return Err(CurveError::NotFinite { position, x: points[position].0 });
    }
    match points.windows(2).position(|pair| pair[1].0 < pair[0].0) {
        Some(at) => {
            Err(CurveError::Backwards { position: at + 1, before: points[at].0, x: points[at + 1].0 })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{CurveError, area, mean_height};

    #[test]
    fn a_constant_encloses_its_width() {
        let points = [(0.0, 1.0), (0.3, 1.0), (1.0, 1.0)];
        assert_eq!(area(&points), Ok(1.0));
        assert_eq!(mean_height(&[(0.0, 2.0), (50.0, 2.0)]), Ok(2.0));
    }

    #[test]
    fn a_vertical_step_encloses_nothing() {
        assert_eq!(area(&[(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (1.0, 1.0)]), Ok(0.5));
        assert_eq!(area(&[(2.0, 0.0), (2.0, 9.0)]), Ok(0.0));
    }

    #[test]
    fn malformed_curves_are_errors() {
        assert_eq!(area(&[]), Err(CurveError::TooShort { count: 0 }));
        assert_eq!(area(&[(0.0, 1.0)]), Err(CurveError::TooShort { count: 1 }));
        let backwards = area(&[(0.0, 1.0), (0.2, 1.0), (0.1, 1.0)]);
        assert_eq!(backwards, Err(CurveError::Backwards { position: 2, before: 0.2, x: 0.1 }));
        assert_eq!(mean_height(&[(2.0, 0.0), (2.0, 9.0)]), Err(CurveError::NoWidth { x: 2.0 }));
        let message = area(&[(0.0, 1.0), (f64::NAN, 1.0)]).unwrap_err().to_string();
        assert_eq!(message, "x is NaN at point 1");
    }

    #[test]
    fn an_unknown_height_makes_an_unknown_area() {
        assert!(area(&[(0.0, 1.0), (1.0, f64::NAN)]).unwrap().is_nan());
    }
}
