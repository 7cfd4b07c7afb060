//! A perturbation curve that is whole, or why it is none.

use std::cmp::Ordering;

/// The answer to one perturbed image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Place on the curve, from 0; nothing if nobody counted.
    pub place: Option<usize>,
    /// Number of points of the whole curve.
    pub of: Option<usize>,
    /// How much of the image is perturbed, from 0 to 1.
    pub fraction: f64,
    /// Probability of the target class, from 0 to 1.
    pub probability: f64,
    /// Class with the highest probability, if it is known.
    pub predicted: Option<usize>,
    /// Score of the target class before the softmax.
    pub logit: Option<f64>,
    /// Sum of the map over the pixels that this point perturbs and the one before it did not.
    pub mass: Option<f64>,
    /// Size of what is shown.
    pub information: Option<f64>,
    /// Share of the pixels that are shown as they are.
    pub area: Option<f64>,
    /// How far what is shown is from the clean image.
    pub distance: Option<f64>,
    /// Norm of the image's change where each number counts as a share of the clean image's.
    pub relative: Option<f64>,
    /// Norm of the change of all scores before the softmax.
    pub logit_distance: Option<f64>,
    /// Norm of the change of the features before the last linear layer, each as a share of the clean image's.
    pub feature_distance: Option<f64>,
    /// The class that the image was made to look like.
    pub second: Option<usize>,
    /// Whether the target is the class with the highest probability; nothing if the highest is not known.
    pub hit: Option<bool>,
}

/// The answers to one test of one map, all of them and in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve(Vec<Point>);

impl Curve {
    /// Takes the points as they came.
    ///
    /// # Errors
    ///
    /// Why they are no curve: one is missing, comes twice or out of order, or holds a fraction or probability that is
    /// none. A number measured on such points would look like one of a whole curve.
    pub fn new(points: Vec<Point>) -> Result<Self, String> {
        points.iter().enumerate().try_for_each(|(row, point)| check(point, row))?;
        if points.iter().any(|point| point.place.is_some() || point.of.is_some()) {
            check_places(&points)?;
        }
        Ok(Self(points))
    }

    /// The points, by their place.
    pub fn points(&self) -> &[Point] {
        &self.0
    }
}

fn check(point: &Point, row: usize) -> Result<(), String> {
    for (what, value) in [("fraction", point.fraction), ("probability", point.probability)] {
        // Sums of single-precision probabilities reach a little above 1.
        if !(0.0..=1.0 + 1e-5).contains(&value) {
            return Err(format!("the {what} is {value} at point {row}, where 0 to 1 is possible"));
        }
    }
    Ok(())
}

fn check_places(points: &[Point]) -> Result<(), String> {
    let all = points[0].of.ok_or("point 0 does not say how many points there are")?;
    for (row, point) in points.iter().enumerate() {
        let (Some(place), Some(of)) = (point.place, point.of) else {
            return Err(format!("row {row} of the curve has no `point` or no `points`"));
        };
        if of != all {
            return Err(format!("two curves are mixed: one of {all} points and one of {of}"));
        }
        if place != row {
            return Err(out_of_place(points, row, place, all));
        }
    }
    let found = points.len();
    match found.cmp(&all) {
        Ordering::Less => Err(format!("{} of {all} points are missing, from point {found} on", all - found)),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(format!("there is a point {all}, where the curve has {all}")),
    }
}

fn out_of_place(points: &[Point], row: usize, place: usize, all: usize) -> String {
    if points[..row].iter().any(|point| point.place == Some(place)) {
        format!("point {place} comes twice")
    } else if place >= all {
        format!("there is a point {place}, where the curve has {all}")
    } else if points[row..].iter().any(|point| point.place == Some(row)) {
        format!("point {place} comes before point {row}")
    } else {
        format!("point {row} of {all} is missing")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Curve, Point};

    /// A curve of (fraction, probability), in which a probability of at least a half is a hit.
    pub(crate) fn curve(points: &[(f64, f64)]) -> Result<Curve, String> {
        let point = |&(fraction, probability): &(f64, f64)| Point {
            fraction,
            probability,
            hit: Some(probability >= 0.5),
            ..Point::default()
        };
        Curve::new(points.iter().map(point).collect())
    }

    fn counted(places: &[usize], of: usize) -> Result<Curve, String> {
        let point = |&place: &usize| Point {
            place: Some(place),
            of: Some(of),
            fraction: place as f64 / 10.0,
            ..Point::default()
        };
        Curve::new(places.iter().map(point).collect())
    }

    #[test]
    fn a_curve_knows_its_length() {
        assert!(counted(&[0, 1, 2], 3).is_ok());
        for (places, of, reason) in [
            (&[0, 1, 2][..], 5, "2 of 5 points are missing, from point 3 on"),
            (&[0, 2, 3], 4, "point 1 of 4 is missing"),
            (&[1, 2], 3, "point 0 of 3 is missing"),
            (&[0, 1, 1, 2], 3, "point 1 comes twice"),
            (&[0, 2, 1], 3, "point 2 comes before point 1"),
            (&[0, 1, 2], 2, "there is a point 2, where the curve has 2"),
        ] {
            assert_eq!(counted(places, of), Err(reason.to_owned()), "{places:?}");
        }
    }

    #[test]
    fn two_curves_that_meet_are_none() {
        let point = |place, of| Point { place, of, ..Point::default() };
        let mixed = vec![point(Some(0), Some(2)), point(Some(1), Some(3))];
        assert_eq!(Curve::new(mixed), Err("two curves are mixed: one of 2 points and one of 3".to_owned()));
        let half = vec![point(Some(0), Some(2)), point(None, Some(2))];
        assert_eq!(Curve::new(half), Err("row 1 of the curve has no `point` or no `points`".to_owned()));
    }

    #[test]
    fn fractions_and_probabilities_lie_between_0_and_1() {
        assert!(curve(&[(0.0, 1.0), (1.0, 0.0)]).is_ok());
        for value in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
            let reason = curve(&[(0.0, 1.0), (1.0, value)]).unwrap_err();
            assert_eq!(reason, format!("the probability is {value} at point 1, where 0 to 1 is possible"));
            let reason = curve(&[(value, 1.0), (1.0, 0.5)]).unwrap_err();
            assert_eq!(reason, format!("the fraction is {value} at point 0, where 0 to 1 is possible"));
        }
    }
}
