//! What the map says of each step of a curve against what the step does: the correlations of Gomez et al. (2022, section 3.4),
//! monotonicity (Luss et al., 2019, AIX360), completeness (Sundararajan et al., 2017, axiom).

use pipe::Direction::{Higher, Lower};
use stats::correlation::pearson;

use crate::answer::{Answer, mass};
use crate::draws::agreement;
use crate::{Curve, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "deletion-correlation",
        direction: Higher,
        summary: "Pearson over the steps of the fall of the score and the mean of the map over the step's pixels; -1 to 1",
        on_request: true,
        input: Input::Curve(&["deletion", "deletion:order=lerf"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Probability)?;
            Ok(Measure::curve(move |curve| step_correlation(curve, answer, -1.0)))
        },
    },
    Metric {
        name: "insertion-correlation",
        direction: Higher,
        summary: "Pearson over the steps of the rise of the score and the mean of the map over the step's pixels; -1 to 1",
        on_request: true,
        input: Input::Curve(&["insertion", "insertion:order=lerf"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Probability)?;
            Ok(Measure::curve(move |curve| step_correlation(curve, answer, 1.0)))
        },
    },
    Metric {
        name: "monotonicity",
        direction: Higher,
        summary: "share of the steps, the least relevant pixels revealed first, at which the score does not fall; 0 to 1",
        on_request: true,
        input: Input::Curve(&["insertion:order=lerf"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Probability)?;
            Ok(Measure::curve(move |curve| monotonicity(curve, answer)))
        },
    },
    Metric {
        name: "completeness",
        direction: Lower,
        summary: "how far the sum of the map is from the fall of the score without the image, as a share of that fall; from 0",
        on_request: true,
        input: Input::Curve(&["deletion", "deletion:order=lerf"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Logit)?;
            Ok(Measure::curve(move |curve| completeness(curve, answer)))
        },
    },
];

/// A step that takes no pixel, because whole regions were taken before, has no mean and is left out.
fn step_correlation(curve: &Curve, answer: Answer, sign: f64) -> Measured {
    let (points, scores) = (curve.points(), answer.all(curve)?);
    let (mut means, mut changes) = (Vec::new(), Vec::new());
    for at in 1..points.len() {
        let (before, point) = (&points[at - 1], &points[at]);
        let pixels = match (before.area, point.area) {
            (Some(before), Some(after)) => (after - before).abs(),
            _ => point.fraction - before.fraction,
        };
        if pixels > 0.0 {
            means.push(mass(at, point)? / pixels);
            changes.push(sign * (scores[at] - scores[at - 1]));
        }
    }
    agreement(&means, &changes, pearson)
}

/// Of a score that never moves nothing could be told from a map, however it looks.
fn monotonicity(curve: &Curve, answer: Answer) -> Measured {
    let scores = answer.all(curve)?;
    let [low, high] = [f64::min, f64::max].map(|of| scores.iter().copied().reduce(of).unwrap_or_default());
    if high - low < 1e-12 {
        return Err("the score never changes".to_owned());
    }
    let steps = scores.windows(2);
    let rises = steps.clone().filter(|pair| pair[1] >= pair[0]).count();
    Ok(rises as f64 / steps.len() as f64)
}

/// |sum of the map - (f(x) - f(x'))| / |f(x) - f(x')|, where x' is the fill.
fn completeness(curve: &Curve, answer: Answer) -> Measured {
    let (points, scores) = (curve.points(), answer.all(curve)?);
    let ([first, .., last], [clean, .., filled]) = (points, &scores[..]) else {
        return Err(format!("a curve needs two points, not {}", points.len()));
    };
    if first.fraction > 0.0 || last.fraction < 1.0 {
        return Err("the curve does not reach from the whole image to none of it".to_owned());
    }
    let sum = (1..points.len()).map(|at| mass(at, &points[at])).sum::<Result<f64, String>>()?;
    let fall = clean - filled;
    Ok((sum - fall).abs() / fall.abs().max(1e-12))
}

#[cfg(test)]
mod tests {
    use maps::Order::{LeastRelevantFirst, MostRelevantFirst};

    use super::*;
    use crate::curve::tests::curve;
    use crate::linear::{Linear, a, check};
    use crate::{Point, area};
    use Answer::{Logit, Probability};

    #[test]
    fn the_correlations_of_steps_are_the_catalogues() {
        let model = Linear::new(3, 2);
        for (step, [dauc, dc, iauc, ic]) in [
            (1, [0.639_839_207_3, -0.160_351_746_1, 0.366_186_523_7, -0.147_404_784_9]),
            (8, [0.631_136_747_9, -0.664_397_027_9, 0.370_757_111_8, -0.606_728_703_6]),
        ] {
            let deletion = model.curve(&a(), step, MostRelevantFirst, false);
            check(area::under(&deletion, Probability), dauc);
            check(step_correlation(&deletion, Probability, -1.0), dc);
            let insertion = model.curve(&a(), step, MostRelevantFirst, true);
            check(area::under(&insertion, Probability), iauc);
            check(step_correlation(&insertion, Probability, 1.0), ic);
        }
    }

    #[test]
    fn the_mean_is_over_the_pixels_that_a_step_takes() {
        let point = |fraction, probability, mass, area| Point {
            fraction,
            probability,
            mass: Some(mass),
            area: Some(area),
            ..Point::default()
        };
        // The third step takes no pixel. Means 4, 3 and 0.5 over falls 0.4, 0.3 and 0.05.
        let points = vec![
            point(0.0, 1.0, 0.0, 1.0),
            point(0.2, 0.6, 1.0, 0.75),
            point(0.4, 0.3, 1.5, 0.25),
            point(0.6, 0.3, 0.0, 0.25),
            point(1.0, 0.25, 0.125, 0.0),
        ];
        check(step_correlation(&Curve::new(points).unwrap(), Probability, -1.0), 1.0);
    }

    /// Quantus never inserts the image and says True of every map.
    #[test]
    fn monotonicity_is_the_catalogues() {
        let model = Linear::new(1, 0);
        check(monotonicity(&model.curve(&a(), 8, LeastRelevantFirst, true), Probability), 0.375);
        let all = model.curve(&a(), 1, LeastRelevantFirst, true);
        let from_the_first = Curve::new(all.points()[1..].to_vec()).unwrap();
        check(monotonicity(&from_the_first, Probability), 44.0 / 63.0);
        let flat = curve(&[(0.0, 0.3), (0.5, 0.3), (1.0, 0.3)]).unwrap();
        assert_eq!(monotonicity(&flat, Probability), Err("the score never changes".to_owned()));
    }

    /// Quantus compares floats for equality, and says False of an exact map.
    #[test]
    fn an_exact_map_has_no_gap() {
        let model = Linear::new(1, 0);
        check(completeness(&model.curve(&model.exact(), 8, MostRelevantFirst, false), Logit), 0.0);
        let gap = completeness(&model.curve(&a(), 8, MostRelevantFirst, false), Logit).unwrap();
        assert!((gap - 80.432_835_8).abs() < 1e-6, "{gap}");
        let short =
            Curve::new(model.curve(&a(), 8, MostRelevantFirst, false).points()[..5].to_vec()).unwrap();
        let reason = "the curve does not reach from the whole image to none of it".to_owned();
        assert_eq!(completeness(&short, Logit), Err(reason));
    }

    #[test]
    fn degenerate_curves_have_a_reason() {
        let deaf = Linear { answers: false, ..Linear::new(1, 0) };
        let deletion = |model: &Linear, map: &[f64]| model.curve(map, 8, MostRelevantFirst, false);
        let found = step_correlation(&deletion(&deaf, &a()), Probability, -1.0);
        assert_eq!(found, Err("the score changes by the same at every draw".to_owned()));
        let found = step_correlation(&deletion(&Linear::new(1, 0), &[0.25; 64]), Probability, -1.0);
        assert_eq!(found, Err("the map has the same sum at every draw".to_owned()));
        // The map promises a fall that does not come.
        assert!(completeness(&deletion(&deaf, &a()), Logit).unwrap() > 1e12);
        let bare = curve(&[(0.0, 0.3), (1.0, 0.3)]).unwrap();
        assert_eq!(completeness(&bare, Logit), Err("point 0 has no logit".to_owned()));
        assert_eq!(completeness(&bare, Probability), Err("point 1 has no mass".to_owned()));
    }
}
