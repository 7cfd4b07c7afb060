//! Whether the parts of a map foretell what the removal of each part alone does: faithfulness estimate (Alvarez-Melis and
//! Jaakkola, 2018, section 4), monotonicity correlation and non-sensitivity (Nguyen and Martinez, 2020, metrics 2.1, 2.2).

use pipe::Direction::{Higher, Lower};
use stats::correlation::{pearson, spearman};
use stats::summary::mean_of;

use crate::answer::Answer;
use crate::draws::{agreement, runs};
use crate::{Curve, Input, Measure, Measured, Metric};

/// Changes and values below this share of the largest are none.
const TOLERANCE: f64 = 1e-5;

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "faithfulness-estimate",
        direction: Higher,
        summary: "Pearson of the map's sum over each part and the fall of the score without that part; -1 to 1",
        on_request: false,
        input: Input::Curve(&["single"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Logit)?;
            Ok(Measure::curve(move |curve| faithfulness_estimate(curve, answer)))
        },
    },
    Metric {
        name: "monotonicity-correlation",
        direction: Higher,
        summary: "Spearman of the magnitude of the map's sum over each part and the mean squared change of the score over the \
                  runs without that part; -1 to 1",
        on_request: true,
        input: Input::Curve(&["single"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Probability)?;
            Ok(Measure::curve(move |curve| monotonicity_correlation(curve, answer)))
        },
    },
    Metric {
        name: "non-sensitivity",
        direction: Lower,
        summary: "share of the parts of which the map or the probability, but not both, says that they do not matter; 0 to 1",
        on_request: true,
        input: Input::Curve(&["single"]),
        build: |_| Ok(Measure::curve(non_sensitivity)),
    },
];

/// A part of the image.
struct Part {
    mass: f64,
    clean: f64,
    /// How far the score falls without it, in each run.
    falls: Vec<f64>,
}

impl Part {
    fn mean(&self, of: impl Fn(f64) -> f64) -> f64 {
        mean_of(self.falls.iter().map(|&fall| of(fall)))
    }
}

fn parts(curve: &Curve, answer: Answer) -> Result<Vec<Part>, String> {
    let runs = runs(curve, answer)?;
    if let Some(other) = runs.iter().find(|run| run.len() != runs[0].len()) {
        return Err(format!("one run has {} draws, another one {}", runs[0].len(), other.len()));
    }
    let falls = |part: usize| runs.iter().map(|run| run[part].fall).collect();
    let part =
        |part: usize| Part { mass: runs[0][part].mass, clean: runs[0][part].clean, falls: falls(part) };
    Ok((0..runs[0].len()).map(part).collect())
}

fn faithfulness_estimate(curve: &Curve, answer: Answer) -> Measured {
    let parts = parts(curve, answer)?;
    let (masses, falls): (Vec<f64>, Vec<f64>) =
        parts.iter().map(|part| (part.mass, part.mean(|fall| fall))).unzip();
    agreement(&masses, &falls, pearson)
}

fn monotonicity_correlation(curve: &Curve, answer: Answer) -> Measured {
    let parts = parts(curve, answer)?;
    let (masses, changes): (Vec<f64>, Vec<f64>) =
        parts.iter().map(|part| (part.mass.abs(), part.mean(|fall| fall * fall))).unzip();
    agreement(&masses, &changes, spearman)
}

fn non_sensitivity(curve: &Curve) -> Measured {
    let parts = parts(curve, Answer::Probability)?;
    let largest = parts.iter().map(|part| part.mass.abs()).fold(0.0, f64::max);
    if largest == 0.0 {
        return Err("the map is 0 everywhere".to_owned());
    }
    let differ = parts.iter().filter(|part| {
        let silent = part.mass.abs() < TOLERANCE * largest;
        let deaf = part.falls.iter().all(|fall| fall.abs() < TOLERANCE * part.clean);
        silent != deaf
    });
    Ok(differ.count() as f64 / parts.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;
    use crate::linear::{Linear, a, b, check, ties};
    use Answer::{Logit, Probability};

    /// Groups of `size` pixels, the most relevant ones first, each replaced alone by zeros.
    fn groups(model: &Linear, map: &[f64], size: usize) -> Curve {
        let order = maps::Order::MostRelevantFirst.sort(map);
        model.draws(map, &order.chunks(size).map(<[usize]>::to_vec).collect::<Vec<_>>())
    }

    #[test]
    fn faithfulness_estimate_is_the_catalogues() {
        let model = Linear::new(1, 0);
        check(faithfulness_estimate(&groups(&model, &a(), 1), Logit), 0.119_152_599);
        check(faithfulness_estimate(&groups(&model, &a(), 8), Logit), 0.639_382_393);
        check(faithfulness_estimate(&groups(&model, &a(), 1), Probability), 0.086_803_341_59);
        check(faithfulness_estimate(&groups(&model, &model.exact(), 1), Logit), 1.0);
    }

    /// Groups of 8, the least relevant ones first; three draws of one number each, numbered group by group.
    fn runs_of(model: &Linear, map: &[f64]) -> Curve {
        let order = maps::Order::LeastRelevantFirst.sort(map);
        let run = |draw: usize| {
            let point = move |group: usize| {
                let fill = ((13 * (3 * group + draw) + 5) % 101) as f64 / 101.0;
                let set = &order[8 * group..8 * group + 8];
                let mass = set.iter().map(|&n| map[n]).sum();
                model.point(&model.replaced(set, fill), 0.125, Some(mass))
            };
            let clean = model.point(&model.image, 0.0, Some(0.0));
            std::iter::once(clean).chain((0..8).map(point)).collect::<Vec<Point>>()
        };
        Curve::new((0..3).flat_map(|draw| run.clone()(draw)).collect()).unwrap()
    }

    #[test]
    fn monotonicity_correlation_is_the_catalogues() {
        let model = Linear::new(1, 0);
        check(monotonicity_correlation(&runs_of(&model, &a()), Probability), 0.190_476_190_5);
        check(monotonicity_correlation(&runs_of(&model, &b()), Probability), 0.547_619_047_6);
    }

    #[test]
    fn non_sensitivity_is_a_share() {
        let model = Linear::new(1, 0);
        check(non_sensitivity(&groups(&model, &a(), 1)), 7.0 / 64.0);
        check(non_sensitivity(&groups(&model, &ties(), 1)), 12.0 / 64.0);
        // Groups are parts too, which Quantus refuses.
        check(non_sensitivity(&groups(&model, &a(), 8)), 0.0);
        let negative: Vec<f64> = a().iter().map(|value| -value).collect();
        check(non_sensitivity(&groups(&model, &negative, 1)), 7.0 / 64.0);
    }

    #[test]
    fn degenerate_parts_have_a_reason() {
        let model = Linear::new(1, 0);
        let flat = groups(&model, &[0.0; 64], 1);
        let same = Err("the map has the same sum at every draw".to_owned());
        assert_eq!(faithfulness_estimate(&flat, Logit), same);
        assert_eq!(monotonicity_correlation(&flat, Probability), same);
        assert_eq!(non_sensitivity(&flat), Err("the map is 0 everywhere".to_owned()));
        let deaf = Linear { answers: false, ..Linear::new(1, 0) };
        let same = Err("the score changes by the same at every draw".to_owned());
        assert_eq!(faithfulness_estimate(&groups(&deaf, &a(), 1), Logit), same);
        // All but the one pixel whose value is 0 are said to matter.
        check(non_sensitivity(&groups(&deaf, &a(), 1)), 63.0 / 64.0);
        let (whole, part) = (groups(&model, &a(), 1), groups(&model, &a(), 8));
        let uneven = Curve::new([whole.points(), part.points()].concat()).unwrap();
        let reason = "one run has 64 draws, another one 8".to_owned();
        assert_eq!(faithfulness_estimate(&uneven, Logit), Err(reason));
    }
}
