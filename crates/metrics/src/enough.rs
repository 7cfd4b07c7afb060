//! How few pixels are enough: minimal subsets (Gevaert et al., 2024, AttriBench), effective complexity (Nguyen and Martinez,
//! 2020, metric 2.3).

use pipe::Direction::Lower;

use crate::answer::Answer;
use crate::{Curve, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "minimal-subset",
        direction: Lower,
        summary: "least share of the first pixels without which another class is predicted; 0 to 1",
        on_request: true,
        input: Input::Curve(&["deletion"]),
        build: |_| Ok(Measure::curve(removed)),
    },
    Metric {
        name: "minimal-subset-insertion",
        direction: Lower,
        summary: "least share of the first pixels with which the class of the whole image is predicted; 0 to 1",
        on_request: true,
        input: Input::Curve(&["insertion"]),
        build: |_| Ok(Measure::curve(inserted)),
    },
    Metric {
        name: "effective-complexity",
        direction: Lower,
        summary: "least share of the first pixels with which the score is within `epsilon` of the whole image's; 0 to 1",
        on_request: true,
        input: Input::Curve(&["insertion"]),
        build: |reader| {
            let positive = |epsilon: &f64| *epsilon > 0.0 && epsilon.is_finite();
            let epsilon = reader.take_if("epsilon", 0.05, "a positive number", positive)?;
            let answer = Answer::take(reader, Answer::Probability)?;
            Ok(Measure::curve(move |curve| effective_complexity(curve, epsilon, answer)))
        },
    },
];

fn removed(curve: &Curve) -> Measured {
    let classes = classes(curve)?;
    match curve.points().first() {
        Some(first) if first.fraction == 0.0 => {}
        _ => return Err("the curve does not begin with the whole image".to_owned()),
    }
    let changed = classes.iter().position(|class| *class != classes[0]);
    changed.map(|at| curve.points()[at].fraction).ok_or_else(|| "the class never changes".to_owned())
}

fn inserted(curve: &Curve) -> Measured {
    let (classes, end) = (classes(curve)?, whole(curve)?);
    if classes[0] == classes[end] {
        return Err("the class is predicted before anything is revealed".to_owned());
    }
    let found = classes.iter().position(|class| *class == classes[end]);
    Ok(curve.points()[found.unwrap_or(end)].fraction)
}

fn effective_complexity(curve: &Curve, epsilon: f64, answer: Answer) -> Measured {
    let (scores, end) = (answer.all(curve)?, whole(curve)?);
    let near = scores.iter().position(|score| (score - scores[end]).abs() < epsilon).unwrap_or(end);
    if near == end {
        return Err(format!("only the whole image is within {epsilon}"));
    }
    Ok(curve.points()[near].fraction)
}

/// The place of the whole image, which is the last one.
fn whole(curve: &Curve) -> Result<usize, String> {
    match curve.points().last() {
        Some(last) if last.fraction >= 1.0 => Ok(curve.points().len() - 1),
        _ => Err("the curve does not end with the whole image".to_owned()),
    }
}

fn classes(curve: &Curve) -> Result<Vec<usize>, String> {
    let class = |(at, point): (usize, &crate::Point)| {
        point.predicted.ok_or_else(|| format!("point {at} has no predicted class"))
    };
    curve.points().iter().enumerate().map(class).collect()
}

#[cfg(test)]
mod tests {
    use maps::Order::MostRelevantFirst;

    use super::*;
    use crate::Point;
    use crate::linear::{Linear, a, check};

    #[test]
    fn minimal_subsets_are_the_catalogues() {
        let model = Linear::new(1, 0);
        let negative: Vec<f64> = a().iter().map(|value| -value).collect();
        let of = |map: &[f64], step| {
            let curve = |reveal| model.curve(map, step, MostRelevantFirst, reveal);
            (removed(&curve(false)).unwrap() * 64.0, inserted(&curve(true)).unwrap() * 64.0)
        };
        assert_eq!(of(&a(), 1), (4.0, 4.0));
        assert_eq!(of(&negative, 1), (6.0, 51.0));
        assert_eq!(of(&a(), 8), (16.0, 16.0));
    }

    /// AttriBench gives such an insertion 0, the best there is, and a deletion without a change the whole image.
    #[test]
    fn a_class_that_is_there_from_the_start_or_never_goes_has_no_subset() {
        let model = Linear::new(3, 2);
        let insertion = model.curve(&a(), 8, MostRelevantFirst, true);
        let reason = "the class is predicted before anything is revealed".to_owned();
        assert_eq!(inserted(&insertion), Err(reason));
        let deletion = model.curve(&a(), 8, MostRelevantFirst, false);
        let classes: Vec<Option<usize>> = deletion.points().iter().map(|point| point.predicted).collect();
        let deaf = Linear { answers: false, ..model };
        let same = deaf.curve(&a(), 8, MostRelevantFirst, false);
        assert_eq!(removed(&same), Err("the class never changes".to_owned()));
        assert_eq!(classes[0], Some(2));
    }

    #[test]
    fn effective_complexity_is_the_first_share_that_is_near() {
        let insertion = Linear::new(1, 0).curve(&a(), 1, MostRelevantFirst, true);
        for (epsilon, pixels) in [(0.1, 3.0), (0.05, 4.0), (0.02, 18.0)] {
            check(effective_complexity(&insertion, epsilon, Answer::Probability), pixels / 64.0);
        }
        let reason = "only the whole image is within 0.0000000001".to_owned();
        assert_eq!(effective_complexity(&insertion, 1e-10, Answer::Probability), Err(reason));
    }

    #[test]
    fn a_curve_that_is_cut_or_has_no_classes_has_a_reason() {
        let insertion = Linear::new(1, 0).curve(&a(), 8, MostRelevantFirst, true);
        let cut = Curve::new(insertion.points()[..4].to_vec()).unwrap();
        let reason = Err("the curve does not end with the whole image".to_owned());
        assert_eq!(
            (inserted(&cut), effective_complexity(&cut, 0.1, Answer::Logit)),
            (reason.clone(), reason)
        );
        let late = Curve::new(insertion.points()[1..].to_vec()).unwrap();
        assert_eq!(removed(&late), Err("the curve does not begin with the whole image".to_owned()));
        let bare = vec![Point::default(); 2];
        let reason = "point 0 has no predicted class".to_owned();
        assert_eq!(removed(&Curve::new(bare).unwrap()), Err(reason));
    }
}
