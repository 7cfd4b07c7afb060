//! How long a classifier stays with its prediction while pixels are replaced: the baselines of the inpainting study.

use pipe::Direction::Lower;

use crate::at::At;
use crate::{Curve, Input, Measure, Measured, Metric, Point, area};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "classic",
        direction: Lower,
        summary: "mean height of [the clean image's class is predicted] while the first pixels are replaced; 0 to 1",
        on_request: false,
        input: Input::Curve(&["classic"]),
        build: |_| Ok(Measure::curve(accuracy)),
    },
    Metric {
        name: "classic-confidence",
        direction: Lower,
        summary: "mean height of the target's probability while the first pixels are replaced; 0 to 1",
        on_request: true,
        input: Input::Curve(&["classic"]),
        build: |_| Ok(Measure::curve(|curve| mean_height(curve, |_, point| Ok(point.probability)))),
    },
    Metric {
        name: "classic-violation",
        direction: Lower,
        summary: "share of the steps at which the target is more probable than in the clean image; 0 to 1",
        on_request: true,
        input: Input::Curve(&["classic"]),
        build: |reader| {
            let at = At::take(reader)?;
            Ok(Measure::curve(move |curve| rises(curve, at)))
        },
    },
    Metric {
        name: "violation",
        direction: Lower,
        summary: "1 if the unit that weighs most moves the target's probability against the sign of its weight, else 0",
        on_request: false,
        input: Input::Curve(&["violation"]),
        build: |_| Ok(Measure::curve(violation)),
    },
];

/// Mean height of 1 where the prediction is the first point's, the clean image's.
fn accuracy(curve: &Curve) -> Measured {
    let clean = curve.points().first().and_then(|point| point.predicted);
    mean_height(curve, |at, point| {
        let same =
            point.predicted.zip(clean).map(|(predicted, clean)| f64::from(u8::from(predicted == clean)));
        same.ok_or_else(|| format!("point {at} has no predicted class"))
    })
}

/// The area over the range of fractions, so that curves to a half and to the end have one scale.
fn mean_height(curve: &Curve, height: impl Fn(usize, &Point) -> Measured) -> Measured {
    let area = area::area(curve, height)?;
    let points = curve.points();
    Ok(area / (points[points.len() - 1].fraction - points[0].fraction))
}

/// Share of 1 where the probability has risen over the first point's.
fn rises(curve: &Curve, at: At) -> Measured {
    let [clean, others @ ..] = curve.points() else {
        return Err("the curve has no point to measure".to_owned());
    };
    let others: Vec<&Point> = others.iter().collect();
    at.mean(&others, |point| Ok(f64::from(u8::from(point.probability > clean.probability))))
}

/// 1 where mass and fall of the probability have different signs.
fn violation(curve: &Curve) -> Measured {
    let [clean, removed] = curve.points() else {
        let found = curve.points().len();
        return Err(format!("{found} rows, where the clean image's and that without a unit are needed"));
    };
    let mass = removed.mass.ok_or("the weight of the removed unit is missing")?;
    Ok(f64::from(u8::from(mass * (clean.probability - removed.probability) < 0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(f64, f64, usize)]) -> Curve {
        let point = |&(fraction, probability, predicted): &(f64, f64, usize)| Point {
            fraction,
            probability,
            predicted: Some(predicted),
            ..Point::default()
        };
        Curve::new(points.iter().map(point).collect()).unwrap()
    }

    #[test]
    fn heights_are_means_whatever_the_end() {
        let half = curve(&[(0.0, 0.5, 7), (0.25, 0.75, 7), (0.5, 0.25, 2)]);
        assert_eq!(accuracy(&half), Ok(0.75));
        assert_eq!(mean_height(&half, |_, point| Ok(point.probability)), Ok(0.5625));
        // A class that is never left, and one that is predicted no more.
        assert_eq!(accuracy(&curve(&[(0.0, 0.5, 7), (1.0, 0.5, 7)])), Ok(1.0));
        assert_eq!(accuracy(&curve(&[(0.0, 0.5, 7), (0.5, 0.5, 1), (1.0, 0.5, 1)])), Ok(0.25));
    }

    #[test]
    fn a_rise_is_a_violation_and_no_change_is_none() {
        let points = curve(&[(0.0, 0.5, 7), (0.1, 0.5, 7), (0.2, 0.6, 7), (0.3, 0.4, 7)]);
        assert_eq!(rises(&points, At::Mean), Ok(1.0 / 3.0));
        assert_eq!(rises(&points, At::Fraction(0.2)), Ok(1.0));
        assert!(rises(&curve(&[(0.0, 0.5, 7)]), At::Mean).is_err());
    }

    #[test]
    fn the_sign_of_the_weight_is_that_of_the_fall() {
        let with = |mass, after| {
            let point = |probability, mass| Point { probability, mass, ..Point::default() };
            violation(&Curve::new(vec![point(0.5, None), point(after, mass)]).unwrap())
        };
        assert_eq!([with(Some(2.0), 0.4), with(Some(2.0), 0.6)], [Ok(0.0), Ok(1.0)]);
        assert_eq!([with(Some(-2.0), 0.4), with(Some(-2.0), 0.6)], [Ok(1.0), Ok(0.0)]);
        assert_eq!([with(Some(0.0), 0.4), with(Some(1.0), 0.5)], [Ok(0.0), Ok(0.0)]);
        assert_eq!(with(None, 0.4), Err("the weight of the removed unit is missing".to_owned()));
        assert!(violation(&curve(&[(0.0, 0.5, 7)])).is_err());
    }

    #[test]
    fn a_curve_without_classes_or_width_is_none() {
        let unknown =
            Curve::new(vec![Point::default(), Point { fraction: 1.0, ..Point::default() }]).unwrap();
        assert_eq!(accuracy(&unknown), Err("point 0 has no predicted class".to_owned()));
        assert!(accuracy(&curve(&[(0.0, 1.0, 7)])).is_err());
    }
}
