//! Other numbers of a deletion or insertion curve: the area above it, its value at a fraction, and the symmetric relevance
//! gain of both orders (Bluecher et al., 2024).

use pipe::Direction::{Higher, Lower};

use crate::answer::Answer;
use crate::area;
use crate::{Curve, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "area-above",
        direction: Higher,
        summary: "area between the score of the clean image and the curve below it; -1 to 1",
        on_request: true,
        input: Input::Curve(&["deletion"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Probability)?;
            Ok(Measure::curve(move |curve| above(curve, answer)))
        },
    },
    Metric {
        name: "deletion-value",
        direction: Lower,
        summary: "the score where the share `at` of the pixels or parts is replaced, on the line between points; 0 to 1",
        on_request: true,
        input: Input::Curve(&["deletion", "pos", "patches", "superpixels"]),
        build: value,
    },
    Metric {
        name: "insertion-value",
        direction: Higher,
        summary: "the score where the share `at` of the pixels is revealed: the sufficiency of so many; 0 to 1",
        on_request: true,
        input: Input::Curve(&["insertion"]),
        build: value,
    },
    Metric {
        name: "srg",
        direction: Higher,
        summary: "area under the order=lerf curve less the area under this one; -1 to 1",
        on_request: true,
        input: Input::BothOrders(&["deletion", "patches"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Probability)?;
            Ok(Measure::both_orders(move |first, other| {
                Ok(area::under(other, answer)? - area::under(first, answer)?)
            }))
        },
    },
];

fn value(reader: &mut spec::Reader) -> Result<Measure, spec::Error> {
    let share = |at: &f64| (0.0..=1.0).contains(at);
    let at = reader.take_if("at", 0.5, "a number from 0 to 1", share)?;
    let answer = Answer::take(reader, Answer::Probability)?;
    Ok(Measure::curve(move |curve| value_at(curve, at, answer)))
}

fn above(curve: &Curve, answer: Answer) -> Measured {
    let (below, points) = (area::under(curve, answer)?, curve.points());
    let width = points[points.len() - 1].fraction - points[0].fraction;
    Ok(answer.of(0, &points[0])? * width - below)
}

/// On the line between the points around it.
fn value_at(curve: &Curve, at: f64, answer: Answer) -> Measured {
    let points = curve.points();
    if let Some(exact) = points.iter().position(|point| point.fraction == at) {
        return answer.of(exact, &points[exact]);
    }
    let after = points.windows(2).position(|pair| pair[0].fraction < at && at < pair[1].fraction);
    let Some(before) = after else { return Err(format!("the curve does not reach {at}")) };
    let (a, b) = (&points[before], &points[before + 1]);
    let share = (at - a.fraction) / (b.fraction - a.fraction);
    Ok((1.0 - share) * answer.of(before, a)? + share * answer.of(before + 1, b)?)
}

#[cfg(test)]
mod tests {
    use maps::Order;

    use super::*;
    use crate::curve::tests::curve;
    use crate::linear::{Linear, a, check};
    use Answer::{Hit, Probability};

    #[test]
    fn areas_and_their_difference_are_the_catalogues() {
        let model = Linear::new(1, 0);
        let [morf, lerf] = [Order::MostRelevantFirst, Order::LeastRelevantFirst]
            .map(|order| model.curve(&a(), 8, order, false));
        check(area::under(&morf, Probability), 0.305_011_090_8);
        check(area::under(&lerf, Probability), 0.411_535_725_4);
        check(area::under(&lerf, Probability).map(|l| l - 0.305_011_090_8), 0.106_524_634_7);
        check(above(&morf, Probability), 0.415_989_582_6 - 0.305_011_090_8);
        // From the fill on, the same images the other way round.
        let insertion = model.curve(&a(), 8, Order::MostRelevantFirst, true);
        check(area::under(&insertion, Probability), 0.411_535_725_4);
    }

    #[test]
    fn a_value_between_points_lies_on_the_line() {
        let falling = curve(&[(0.0, 0.9), (0.2, 0.5), (0.6, 0.1)]).unwrap();
        check(value_at(&falling, 0.2, Probability), 0.5);
        check(value_at(&falling, 0.3, Probability), 0.4);
        check(value_at(&falling, 0.3, Hit), 0.75);
        assert_eq!(value_at(&falling, 0.7, Probability), Err("the curve does not reach 0.7".to_owned()));
    }
}
