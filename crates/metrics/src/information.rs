//! Performance information curves: how much of an image's information a classifier needs (Kapishnikov et al., "XRAI: Better
//! Attributions Through Regions", 2019, section 4.2).

use pipe::Direction::Higher;
use stats::curve;

use crate::at::At;
use crate::{Curve, Input, Measure, Measured, Metric, Point};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "aic",
        direction: Higher,
        summary: "area under [the target is predicted] over the information that is shown, or the height at a share of it; 0 to 1",
        on_request: false,
        input: Input::Curve(&["information"]),
        build: |reader| {
            let reading = Reading::take(reader)?;
            Ok(Measure::curve(move |curve| accuracy(curve, reading)))
        },
    },
    Metric {
        name: "sic",
        direction: Higher,
        summary: "area under the target's probability, from the blank image's to the clean one's, over the information that \
                  is shown, or the height at a share of it; 0 to 1",
        on_request: false,
        input: Input::Curve(&["information"]),
        build: |reader| {
            let share = |least: &f64| (0.0..=1.0).contains(least);
            let least = reader.take_if("min-probability", 0.5, "a number from 0 to 1", share)?;
            let reading = Reading::take(reader)?;
            Ok(Measure::curve(move |curve| probability(curve, least, reading)))
        },
    },
];

/// What is read off a curve.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// Whether a height counts as the greatest so far, as published.
    monotone: bool,
    /// The mean height, which is the area, or the one at a share of the information.
    at: At,
}

impl Reading {
    fn take(reader: &mut spec::Reader) -> Result<Self, spec::Error> {
        Ok(Self { monotone: reader.take("monotone", true)?, at: At::take(reader)? })
    }

    fn of(self, knots: &[(f64, f64)]) -> Measured {
        match self.at {
            At::Mean => curve::area(knots).map_err(|error| error.to_string()),
            At::Fraction(share) => Ok(height(knots, share)),
        }
    }
}

fn accuracy(curve: &Curve, reading: Reading) -> Measured {
    let hit = |(at, point): (usize, &Point)| {
        point
            .hit
            .map(|hit| f64::from(u8::from(hit)))
            .ok_or_else(|| format!("point {at} has no predicted class"))
    };
    let hits: Vec<f64> = curve.points().iter().enumerate().map(hit).collect::<Result<_, _>>()?;
    match hits[..] {
        [.., 0.0] => Err("the target is not predicted for the clean image".to_owned()),
        [1.0, ..] => Err("the target is predicted for the blank image".to_owned()),
        _ => read(curve, &hits, reading),
    }
}

fn probability(curve: &Curve, least: f64, reading: Reading) -> Measured {
    let heights: Vec<f64> = curve.points().iter().map(|point| point.probability).collect();
    match heights.last() {
        Some(&clean) if clean < least => {
            Err(format!("the clean image has probability {clean}, below min-probability={least}"))
        }
        _ => read(curve, &heights, reading),
    }
}

/// What is read off the heights over the information, both from 0 for the first point, the blank image, to 1 for the last one, the
/// clean image. Of several points with the same information the highest counts.
fn read(curve: &Curve, heights: &[f64], reading: Reading) -> Measured {
    let size = |(at, point): (usize, &Point)| {
        point.information.ok_or_else(|| format!("point {at} does not say how much information is shown"))
    };
    let sizes: Vec<f64> = curve.points().iter().enumerate().map(size).collect::<Result<_, _>>()?;
    let ([e0, shown @ .., e1], [p0, answers @ .., p1]) = (&sizes[..], heights) else {
        return Err("there are no blank and clean image".to_owned());
    };
    if e0 >= e1 {
        return Err(format!(
            "the blank image holds as much information as the clean one ({e0} and {e1} bytes)"
        ));
    }
    if p0 >= p1 {
        return Err(format!("the blank image has a probability as high as the clean one's ({p0} and {p1})"));
    }
    let mut highest = 0.0_f64;
    let knot = |(size, answer): (&f64, &f64)| {
        let x = ((size - e0) / (e1 - e0)).clamp(0.0, 1.0);
        let y = ((answer - p0) / (p1 - p0)).clamp(0.0, 1.0);
        highest = highest.max(y);
        (x, if reading.monotone { highest } else { y })
    };
    let knots = shown.iter().zip(answers).map(knot);
    let mut knots: Vec<(f64, f64)> = [(0.0, 0.0), (1.0, 1.0)].into_iter().chain(knots).collect();
    knots.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
    knots.dedup_by_key(|knot| knot.0);
    knots.reverse();
    reading.of(&knots)
}

/// On the line between the knots around a share; knots rise from 0 to 1.
fn height(knots: &[(f64, f64)], share: f64) -> f64 {
    let after = knots.partition_point(|knot| knot.0 < share);
    let (x1, y1) = knots[after];
    match after.checked_sub(1).map(|before| knots[before]) {
        Some((x0, y0)) => y0 + (y1 - y0) * (share - x0) / (x1 - x0),
        None => y1,
    }
}

#[cfg(test)]
mod tests {
    use stats::summary::quantile;

    use super::*;

    /// The catalogue's scripted numbers: sizes from 200 for the blank to 1000 for the clean image.
    const SIZES: [f64; 7] = [200.0, 260.0, 320.0, 500.0, 780.0, 920.0, 1000.0];

    fn curve(sizes: &[f64], answers: &[f64]) -> Curve {
        let point = |(&size, &probability): (&f64, &f64)| Point {
            information: Some(size),
            probability,
            hit: Some(probability >= 0.5),
            ..Point::default()
        };
        Curve::new(sizes.iter().zip(answers).map(point).collect()).unwrap()
    }

    const AREA: Reading = Reading { monotone: true, at: At::Mean };

    fn sic(sizes: &[f64], answers: &[f64], monotone: bool) -> Measured {
        probability(&curve(sizes, answers), 0.5, Reading { monotone, ..AREA })
    }

    fn check(found: Measured, expected: f64) {
        assert!((found.clone().unwrap() - expected).abs() < 1e-7, "{found:?} for {expected}");
    }

    /// The target's probabilities in three images, and the areas.
    const IMAGES: [([f64; 7], f64); 3] = [
        ([0.1, 0.15, 0.4, 0.35, 0.8, 0.95, 0.9], 0.585_937_5),
        ([0.1, 0.5, 0.6, 0.7, 0.85, 0.9, 0.9], 0.780_468_75),
        ([0.1, 0.1, 0.1, 0.2, 0.3, 0.95, 0.9], 0.289_062_5),
    ];

    #[test]
    fn scripted_curves_have_their_areas() {
        for (answers, area) in IMAGES {
            check(sic(&SIZES, &answers, true), area);
        }
        let first = IMAGES[0].0;
        check(sic(&SIZES, &first, false), 0.567_968_75);
        // Hits from 780 bytes on: a step from (0.375, 0) to (0.725, 1), and 1 from there.
        check(accuracy(&curve(&SIZES, &first), AREA), 0.35 / 2.0 + 0.275);
    }

    /// PAIR's aggregate: all knots are multiples of 0.025.
    #[test]
    fn heights_make_the_median_curve_of_images() {
        let levels: Vec<f64> = (0..=40).map(|step| f64::from(step) / 40.0).collect();
        let height = |answers: &[f64], share| {
            probability(&curve(&SIZES, answers), 0.5, Reading { at: At::Fraction(share), ..AREA }).unwrap()
        };
        let median =
            |&share: &f64| (share, quantile(&IMAGES.map(|(answers, _)| height(&answers, share)), 0.5));
        let points: Vec<(f64, f64)> = levels.iter().map(median).collect();
        check(Ok(curve::area(&points).unwrap()), 0.585_937_5);
        check(Ok(height(&IMAGES[0].0, 0.0)), 0.0);
        check(Ok(height(&IMAGES[0].0, 0.075)), 0.0625);
        check(Ok(height(&IMAGES[0].0, 0.1125)), 0.218_75);
        check(Ok(height(&IMAGES[0].0, 0.95)), 1.0);
    }

    #[test]
    fn a_monotone_curve_never_falls() {
        let answers = [0.0, 0.9, 0.2, 0.7, 0.1, 0.6, 1.0];
        let heights = |monotone| {
            let at = |step: u32| Reading { monotone, at: At::Fraction(f64::from(step) / 50.0) };
            let height = |step| probability(&curve(&SIZES, &answers), 0.5, at(step)).unwrap();
            (0..=50).map(height).collect::<Vec<f64>>()
        };
        assert!(heights(true).is_sorted() && !heights(false).is_sorted());
        assert!(heights(false).iter().all(|height| (0.0..=1.0).contains(height)));
    }

    /// Two points at one size, one below the blank image's and one above the clean one's.
    #[test]
    fn sizes_need_not_rise_nor_stay_between_the_ends() {
        let sizes = [200.0, 600.0, 600.0, 150.0, 1100.0, 1000.0];
        let answers = [0.0, 0.25, 0.5, 0.125, 0.75, 1.0];
        // Knots (0, 0.125), (0.5, 0.5), (1, 1).
        check(sic(&sizes, &answers, false), 0.5 * (0.125 + 0.5) / 2.0 + 0.5 * 1.5 / 2.0);
        let same = sic(&[0.0, 5.0, 5.0, 10.0], &[0.0, 0.5, 0.2, 1.0], false);
        assert_eq!(same, sic(&[0.0, 5.0, 5.0, 10.0], &[0.0, 0.2, 0.5, 1.0], false));
    }

    #[test]
    fn an_area_lies_between_0_and_1() {
        check(sic(&[0.0, 0.0, 9.0, 10.0], &[0.0, 1.0, 1.0, 1.0], true), 1.0);
        check(sic(&[0.0, 10.0, 10.0], &[0.0, 0.0, 1.0], true), 0.5);
        check(sic(&[0.0, 10.0], &[0.0, 1.0], true), 0.5);
    }

    #[test]
    fn images_that_the_curve_is_not_defined_for_say_why() {
        let reason = |sizes: &[f64], answers: &[f64]| sic(sizes, answers, true).unwrap_err();
        assert_eq!(
            reason(&[1.0, 2.0], &[0.0, 0.4]),
            "the clean image has probability 0.4, below min-probability=0.5"
        );
        let same = reason(&[2.0, 2.0], &[0.0, 0.9]);
        assert_eq!(same, "the blank image holds as much information as the clean one (2 and 2 bytes)");
        let blank = reason(&[1.0, 2.0], &[0.9, 0.9]);
        assert_eq!(blank, "the blank image has a probability as high as the clean one's (0.9 and 0.9)");
        let hits = |answers: [f64; 2]| accuracy(&curve(&[1.0, 2.0], &answers), AREA).unwrap_err();
        assert_eq!(hits([0.1, 0.2]), "the target is not predicted for the clean image");
        assert_eq!(hits([0.6, 0.7]), "the target is predicted for the blank image");
        let unknown = Curve::new(vec![Point { probability: 1.0, ..Point::default() }; 2]).unwrap();
        assert_eq!(
            probability(&unknown, 0.5, AREA),
            Err("point 0 does not say how much information is shown".to_owned())
        );
        assert_eq!(accuracy(&unknown, AREA), Err("point 0 has no predicted class".to_owned()));
        for points in [0, 1] {
            let short = curve(&[1.0; 1][..points], &[0.9; 1][..points]);
            assert!(probability(&short, 0.5, AREA).is_err() && accuracy(&short, AREA).is_err());
        }
    }
}
