//! Areas under curves: deletion and insertion (Petsiuk et al., 2018, RISE), and POS, NEG and their sisters of EEA and BEE.

use pipe::Direction::{Higher, Lower};
use stats::curve;

use crate::answer::Answer;
use crate::{Curve, Input, Measure, Measured, Metric, Point};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "deletion",
        direction: Lower,
        summary: "area under the target's probability while the first pixels are replaced; 0 to 1",
        on_request: false,
        input: Input::Curve(&["deletion"]),
        build: |_| Ok(Measure::curve(probability)),
    },
    Metric {
        name: "insertion",
        direction: Higher,
        summary: "area under the target's probability while the first pixels are revealed; 0 to 1",
        on_request: false,
        input: Input::Curve(&["insertion"]),
        build: |_| Ok(Measure::curve(probability)),
    },
    Metric {
        name: "pos",
        direction: Lower,
        summary: "area under [the target is predicted], most relevant pixels replaced first; 0 to 90",
        on_request: false,
        input: Input::Curve(&["pos"]),
        build: |_| Ok(Measure::curve(hits)),
    },
    Metric {
        name: "del",
        direction: Lower,
        summary: "area under the target's probability, most relevant pixels replaced first; 0 to 90",
        on_request: false,
        input: Input::Curve(&["pos"]),
        build: |_| Ok(Measure::curve(percent)),
    },
    Metric {
        name: "neg",
        direction: Higher,
        summary: "area under [the target is predicted], least relevant pixels replaced first; 0 to 90",
        on_request: false,
        input: Input::Curve(&["neg"]),
        build: |_| Ok(Measure::curve(hits)),
    },
    Metric {
        name: "ins",
        direction: Higher,
        summary: "area under the target's probability, least relevant pixels replaced first; 0 to 90",
        on_request: false,
        input: Input::Curve(&["neg"]),
        build: |_| Ok(Measure::curve(percent)),
    },
];

/// Area under the target's probability.
fn probability(curve: &Curve) -> Measured {
    under(curve, Answer::Probability)
}

/// The same in per cent.
fn percent(curve: &Curve) -> Measured {
    probability(curve).map(|area| 100.0 * area)
}

/// Area under 1 where the target is predicted and 0 where it is not, in per cent.
fn hits(curve: &Curve) -> Measured {
    under(curve, Answer::Hit).map(|area| 100.0 * area)
}

/// Area under one of a point's numbers.
pub(crate) fn under(curve: &Curve, answer: Answer) -> Measured {
    area(curve, |at, point| answer.of(at, point))
}

/// Area under a height that each point has, over fractions that rise.
pub(crate) fn area(curve: &Curve, height: impl Fn(usize, &Point) -> Measured) -> Measured {
    let points = curve.points();
    if let Some(at) = points.windows(2).position(|pair| pair[1].fraction <= pair[0].fraction) {
        let (before, after) = (points[at].fraction, points[at + 1].fraction);
        return Err(format!("the fraction does not rise from {before} to {after} at point {}", at + 1));
    }
    let heights = points.iter().enumerate().map(|(at, point)| Ok((point.fraction, height(at, point)?)));
    let heights: Vec<(f64, f64)> = heights.collect::<Result<_, String>>()?;
    curve::area(&heights).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{hits, percent, probability};
    use crate::curve::tests::curve;
    use crate::{Curve, Point};

    #[test]
    fn areas_follow_the_trapezoidal_rule() {
        // 0.25 0.75 + 0.25 0.375 + 0.5 0.125 = 0.34375; hits 1 1 0 0: 0.25 + 0.25 / 2.
        let falling = curve(&[(0.0, 1.0), (0.25, 0.5), (0.5, 0.25), (1.0, 0.0)]).unwrap();
        assert_eq!(probability(&falling), Ok(0.34375));
        assert_eq!(percent(&falling), Ok(34.375));
        assert_eq!(hits(&falling), Ok(37.5));
    }

    #[test]
    fn fractions_must_rise() {
        for second in [0.3, 0.2] {
            let reason = probability(&curve(&[(0.0, 1.0), (0.3, 1.0), (second, 0.5)]).unwrap()).unwrap_err();
            assert_eq!(reason, format!("the fraction does not rise from 0.3 to {second} at point 2"));
        }
        assert_eq!(
            probability(&curve(&[(0.0, 1.0)]).unwrap()),
            Err("a curve needs two points, not 1".to_owned())
        );
    }

    #[test]
    fn an_unknown_class_is_no_miss() {
        let point = |fraction, hit| Point { fraction, hit, ..Point::default() };
        let curve = Curve::new(vec![point(0.0, Some(true)), point(1.0, None)]).unwrap();
        assert_eq!(hits(&curve), Err("point 1 has no predicted class".to_owned()));
        assert_eq!(probability(&curve), Ok(0.0));
    }
}
