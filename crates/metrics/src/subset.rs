//! Whether the map's sum over random subsets foretells what their removal does to the score: faithfulness correlation (Bhatt
//! et al., 2020, definition 3), sensitivity-n (Ancona et al., 2018, section 4), muFidelity (Fel et al., 2021).

use pipe::Direction::Higher;
use stats::correlation::{pearson, spearman};
use stats::summary::mean;

use crate::answer::Answer;
use crate::draws::{Draw, agreement, all};
use crate::{Curve, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "faithfulness-correlation",
        direction: Higher,
        summary: "Pearson of the map's sum over random subsets of one size and the fall of the score without them; -1 to 1",
        on_request: false,
        input: Input::Curve(&["subset"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Logit)?;
            Ok(Measure::curve(move |curve| faithfulness_correlation(curve, answer)))
        },
    },
    Metric {
        name: "sensitivity-n",
        direction: Higher,
        summary: "mean over the sizes of the subsets of faithfulness-correlation; -1 to 1",
        on_request: true,
        input: Input::Curve(&["subset"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Logit)?;
            Ok(Measure::curve(move |curve| sensitivity_n(curve, answer)))
        },
    },
    Metric {
        name: "mu-fidelity",
        direction: Higher,
        summary: "Spearman of the map's sum over random subsets of one size and the fall of the score without them; -1 to 1",
        on_request: true,
        input: Input::Curve(&["subset"]),
        build: |reader| {
            let answer = Answer::take(reader, Answer::Logit)?;
            Ok(Measure::curve(move |curve| mu_fidelity(curve, answer)))
        },
    },
];

/// Pearson over the draws of one size.
fn faithfulness_correlation(curve: &Curve, answer: Answer) -> Measured {
    correlation(&of_one_size(curve, answer)?)
}

/// The larger a subset, the larger its sum and the fall: of several sizes any positive map would agree.
fn of_one_size(curve: &Curve, answer: Answer) -> Result<Vec<Draw>, String> {
    let draws = all(curve, answer)?;
    if draws.iter().any(|draw| draw.fraction != draws[0].fraction) {
        return Err("the subsets have several sizes: sensitivity-n is the mean over them".to_owned());
    }
    Ok(draws)
}

/// The mean of Pearson's coefficient over the sizes, each of which must have one.
fn sensitivity_n(curve: &Curve, answer: Answer) -> Measured {
    let mut draws = all(curve, answer)?;
    draws.sort_by(|a, b| a.fraction.total_cmp(&b.fraction));
    let sizes: Vec<&[Draw]> = draws.chunk_by(|a, b| a.fraction == b.fraction).collect();
    let of_size = |draws: &&[Draw]| {
        correlation(draws).map_err(|reason| format!("subsets of {}: {reason}", draws[0].fraction))
    };
    Ok(mean(&sizes.iter().map(of_size).collect::<Result<Vec<_>, _>>()?))
}

/// Spearman over the draws of one size.
fn mu_fidelity(curve: &Curve, answer: Answer) -> Measured {
    let draws = of_one_size(curve, answer)?;
    let (masses, falls) = pairs(&draws);
    agreement(&masses, &falls, spearman)
}

fn correlation(draws: &[Draw]) -> Measured {
    let (masses, falls) = pairs(draws);
    agreement(&masses, &falls, pearson)
}

fn pairs(draws: &[Draw]) -> (Vec<f64>, Vec<f64>) {
    draws.iter().map(|draw| (draw.mass, draw.fall)).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::{Linear, a, b, check, noise};
    use Answer::{Logit, Probability};

    /// The catalogue's subsets of `size` pixels, replaced by zeros.
    fn subsets(model: &Linear, map: &[f64], draws: &[(usize, std::ops::Range<usize>)]) -> Curve {
        let subset = |size: usize, r: usize| (0..size).map(move |t| (7 * r + 3 * t) % 64).collect::<Vec<_>>();
        let sets = draws.iter().flat_map(|(size, draws)| draws.clone().map(move |r| subset(*size, r)));
        model.draws(map, &sets.collect::<Vec<_>>())
    }

    #[test]
    fn faithfulness_correlation_is_the_catalogues() {
        let model = Linear::new(1, 0);
        let of =
            |map: &[f64], answer| faithfulness_correlation(&subsets(&model, map, &[(16, 0..12)]), answer);
        check(of(&a(), Logit), -0.561_240_889_5);
        check(of(&a(), Probability), -0.399_203_065_4);
        check(of(&b(), Probability), 0.079_457_521_08);
        check(of(&model.exact(), Logit), 1.0);
        // With one channel `score=hit` is defined too; here no subset changes the class alike.
        assert!(of(&a(), Answer::Hit).is_ok());
    }

    #[test]
    fn sensitivity_n_is_the_mean_over_sizes_of_one_image() {
        let model = Linear::new(1, 0);
        let one = |size, draws| sensitivity_n(&subsets(&model, &a(), &[(size, draws)]), Probability);
        check(one(8, 0..12), -0.078_310_331_02);
        check(one(16, 12..24), -0.621_616_846_2);
        let both = subsets(&model, &a(), &[(8, 0..12), (16, 12..24)]);
        check(sensitivity_n(&both, Probability), (-0.078_310_331_02 - 0.621_616_846_2) / 2.0);
        // Not one number for several sizes at once, and never one across images.
        let reason = "the subsets have several sizes: sensitivity-n is the mean over them".to_owned();
        assert_eq!(faithfulness_correlation(&both, Probability), Err(reason.clone()));
        assert_eq!(mu_fidelity(&both, Probability), Err(reason));
        let model = Linear::new(3, 2);
        let one = |size, draws| sensitivity_n(&subsets(&model, &a(), &[(size, draws)]), Probability);
        check(one(8, 0..12), -0.086_380_128_1);
        check(one(16, 12..24), 0.813_083_761_2);
    }

    /// Xplique's rule: a cell goes where a uniform number is at most 0.2. Whole numbers, so that sums tie exactly.
    fn bernoulli(model: &Linear, grid: usize, map: &[f64]) -> Curve {
        let cell = |i: usize| (2 * i + 1) * grid / 16;
        let removed = |r: usize| {
            let goes = noise(r, grid * grid).map(|u| u <= 0.2).collect::<Vec<_>>();
            (0..64).filter(|n| goes[cell(n / 8) * grid + cell(n % 8)]).collect::<Vec<_>>()
        };
        let draws = model.draws(map, &(0..20).map(removed).collect::<Vec<_>>());
        // The sizes differ there, and some draws remove nothing, which is no run's beginning.
        let mut points = draws.points().to_vec();
        points[1..].iter_mut().for_each(|point| point.fraction = 0.2);
        Curve::new(points).unwrap()
    }

    #[test]
    fn mu_fidelity_is_the_catalogues() {
        let model = Linear::new(1, 0);
        let map: Vec<f64> = a().iter().map(|value| (67.0 * value).round()).collect();
        check(mu_fidelity(&bernoulli(&model, 4, &map), Probability), 0.293_917_663_6);
        check(mu_fidelity(&bernoulli(&model, 3, &map), Probability), 0.340_046_475_6);
        check(mu_fidelity(&subsets(&model, &a(), &[(16, 0..12)]), Probability), -0.517_482_517_5);
    }

    #[test]
    fn degenerate_draws_have_a_reason() {
        let model = Linear::new(1, 0);
        let flat = Err("the map has the same sum at every draw".to_owned());
        // Xplique's muFidelity gives constant maps -0.09 to -0.56.
        for map in [vec![0.0; 64], vec![0.25; 64]] {
            let draws = subsets(&model, &map, &[(16, 0..12)]);
            assert_eq!(faithfulness_correlation(&draws, Logit), flat);
            assert_eq!(mu_fidelity(&draws, Logit), flat);
            let reason = "subsets of 0.25: the map has the same sum at every draw".to_owned();
            assert_eq!(sensitivity_n(&draws, Logit), Err(reason));
        }
        let one = subsets(&model, &a(), &[(16, 0..1)]);
        let reason = Err("a correlation needs two draws, not 1".to_owned());
        assert_eq!(
            (faithfulness_correlation(&one, Logit), mu_fidelity(&one, Logit)),
            (reason.clone(), reason)
        );
        let deaf = Linear { answers: false, ..model };
        let reason = Err("the score changes by the same at every draw".to_owned());
        assert_eq!(mu_fidelity(&subsets(&deaf, &a(), &[(16, 0..12)]), Probability), reason);
    }
}
