//! How far the score falls as regions go: AOPC and ABPC (Samek et al., 2017, equations 12 and 13), selectivity (Montavon et
//! al., 2018, section 7.2).

use pipe::Direction::{Higher, Lower};
use stats::summary::mean_of;

use crate::answer::Answer;
use crate::area;
use crate::{Curve, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "aopc",
        direction: Higher,
        summary: "mean fall of the score from that of the clean image, over all points from the clean image on; -1 to 1",
        on_request: false,
        input: Input::Curve(&["patches"]),
        build: mean_fall,
    },
    Metric {
        name: "aoc",
        direction: Higher,
        summary: "the same for single pixels: score of the clean image less the mean of all points; -1 to 1",
        on_request: true,
        input: Input::Curve(&["deletion"]),
        build: mean_fall,
    },
    Metric {
        name: "abpc",
        direction: Higher,
        summary: "aopc less that of the order=lerf curve; -1 to 1",
        on_request: false,
        input: Input::BothOrders(&["patches"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Probability)?;
            Ok(Measure::both_orders(move |first, other| between(first, other, answer)))
        },
    },
    Metric {
        name: "selectivity",
        direction: Lower,
        summary: "area under the score while all patches or blocks go; 0 to 1",
        on_request: true,
        input: Input::Curve(&["patches", "deletion"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Probability)?;
            Ok(Measure::curve(move |curve| selectivity(curve, answer)))
        },
    },
];

fn mean_fall(reader: &mut spec::Reader) -> Result<Measure, spec::Error> {
    let answer = Answer::take(reader, Answer::Probability)?;
    Ok(Measure::curve(move |curve| aopc(curve, answer)))
}

fn aopc(curve: &Curve, answer: Answer) -> Measured {
    let scores = answer.all(curve)?;
    if scores.len() < 2 {
        return Err(format!("a curve needs two points, not {}", scores.len()));
    }
    Ok(mean_of(scores.iter().map(|score| scores[0] - score)))
}

fn between(first: &Curve, other: &Curve, answer: Answer) -> Measured {
    let fractions = |curve: &Curve| curve.points().iter().map(|point| point.fraction).collect::<Vec<_>>();
    if fractions(first) != fractions(other) {
        return Err("the curves of both orders have different fractions".to_owned());
    }
    Ok(aopc(first, answer)? - aopc(other, answer)?)
}

fn selectivity(curve: &Curve, answer: Answer) -> Measured {
    match curve.points().last().map(|point| point.fraction) {
        Some(end) if end < 1.0 => Err(format!("the curve ends at {end}: not all parts are gone")),
        _ => area::under(curve, answer),
    }
}

#[cfg(test)]
mod tests {
    use maps::Order;

    use super::*;
    use crate::curve::tests::curve;
    use crate::linear::{Linear, a, check};
    use Answer::Probability;

    /// Blocks of `side` pixels by the map's mean, replaced by zeros.
    fn blocks(side: usize, order: Order, count: usize) -> Curve {
        let (model, map, across) = (Linear::new(1, 0), a(), 8 / side);
        let block =
            |of: usize| (0..64).filter(|n| n / 8 / side * across + n % 8 / side == of).collect::<Vec<_>>();
        let blocks: Vec<Vec<usize>> = (0..across * across).map(block).collect();
        let mean = |block: &Vec<usize>| block.iter().map(|&n| map[n]).sum::<f64>() / block.len() as f64;
        let order = order.sort(&blocks.iter().map(mean).collect::<Vec<_>>());
        model.parts(&map, order.iter().take(count).map(|&block| &blocks[block][..]), false)
    }

    #[test]
    fn aopc_is_the_catalogues() {
        let (first, last) = (Order::MostRelevantFirst, Order::LeastRelevantFirst);
        let [morf, lerf] = [first, last].map(|order| blocks(2, order, 4));
        check(aopc(&morf, Probability), 0.028_734_041_59);
        check(aopc(&lerf, Probability), -0.040_609_419_71);
        check(between(&morf, &lerf, Probability), 0.028_734_041_59 + 0.040_609_419_71);
        let whole = Linear::new(1, 0).curve(&a(), 8, first, false);
        check(aopc(&whole, Probability), 0.105_057_547_1);
        check(Answer::Probability.all(&whole).map(|all| all.iter().sum::<f64>() / 9.0), 0.310_932_035_6);
        let reason = "the curves of both orders have different fractions".to_owned();
        assert_eq!(between(&morf, &whole, Probability), Err(reason));
    }

    #[test]
    fn selectivity_needs_the_whole_curve() {
        check(selectivity(&blocks(4, Order::MostRelevantFirst, 4), Probability), 0.299_215_574);
        let reason = "the curve ends at 0.25: not all parts are gone".to_owned();
        assert_eq!(selectivity(&blocks(4, Order::MostRelevantFirst, 1), Probability), Err(reason));
    }

    #[test]
    fn a_model_that_never_reacts_has_no_fall() {
        let flat = curve(&[(0.0, 0.3), (0.5, 0.3), (1.0, 0.3)]).unwrap();
        assert_eq!(aopc(&flat, Probability), Ok(0.0));
        let one = curve(&[(0.0, 0.3)]).unwrap();
        assert_eq!(aopc(&one, Probability), Err("a curve needs two points, not 1".to_owned()));
    }
}
