//! Answers that stand each for itself, after that to the clean image.

use stats::correlation::Correlation;

use crate::answer::{Answer, mass};
use crate::{Curve, Measured};

/// The answer to one perturbed image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Draw {
    /// How much of the image is perturbed.
    pub(crate) fraction: f64,
    /// What the map says about that: its sum over the pixels, or over the pixels' changes.
    pub(crate) mass: f64,
    /// How far the score falls from that of the clean image.
    pub(crate) fall: f64,
    /// The score of the clean image.
    pub(crate) clean: f64,
}

/// The draws of each run; a run begins with the clean image, whose fraction is 0.
pub(crate) fn runs(curve: &Curve, answer: Answer) -> Result<Vec<Vec<Draw>>, String> {
    let (mut runs, mut clean) = (Vec::<Vec<Draw>>::new(), f64::NAN);
    for (at, point) in curve.points().iter().enumerate() {
        let score = answer.of(at, point)?;
        if point.fraction == 0.0 {
            clean = score;
            runs.push(Vec::new());
            continue;
        }
        let run = runs.last_mut().ok_or("the first row is not the clean image's, with fraction 0")?;
        run.push(Draw { fraction: point.fraction, mass: mass(at, point)?, fall: clean - score, clean });
    }
    if runs.iter().any(Vec::is_empty) {
        return Err("a run has no draws".to_owned());
    }
    if runs.is_empty() { Err("there are no draws".to_owned()) } else { Ok(runs) }
}

/// All draws, whatever their run.
pub(crate) fn all(curve: &Curve, answer: Answer) -> Result<Vec<Draw>, String> {
    runs(curve, answer).map(|runs| runs.concat())
}

/// How far what the map says agrees with what the classifier does.
pub(crate) fn agreement(
    masses: &[f64],
    changes: &[f64],
    coefficient: fn(&[f64], &[f64]) -> Correlation,
) -> Measured {
    let found = coefficient(masses, changes).coefficient;
    if !found.is_nan() {
        return Ok(found);
    }
    let constant = |values: &[f64]| values.windows(2).all(|pair| pair[0] == pair[1]);
    Err(if masses.len() < 2 {
        format!("a correlation needs two draws, not {}", masses.len())
    } else if constant(masses) {
        "the map has the same sum at every draw".to_owned()
    } else if constant(changes) {
        "the score changes by the same at every draw".to_owned()
    } else {
        "the correlation is not defined".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;

    fn points(fractions: &[f64], mass: Option<f64>) -> Curve {
        let point = |&fraction: &f64| Point { fraction, mass, probability: 0.5, ..Point::default() };
        Curve::new(fractions.iter().map(point).collect()).unwrap()
    }

    #[test]
    fn a_run_begins_with_the_clean_image() {
        let lengths = |fractions: &[f64]| {
            runs(&points(fractions, Some(1.0)), Answer::Probability)
                .map(|runs| runs.iter().map(Vec::len).collect::<Vec<_>>())
        };
        assert_eq!(lengths(&[0.0, 0.2, 0.2, 0.0, 0.2]), Ok(vec![2, 1]));
        let reason = "the first row is not the clean image's, with fraction 0".to_owned();
        assert_eq!(lengths(&[0.2, 0.0]), Err(reason));
        assert_eq!(lengths(&[]), Err("there are no draws".to_owned()));
        assert_eq!(lengths(&[0.0, 0.0, 0.2]), Err("a run has no draws".to_owned()));
    }

    #[test]
    fn what_is_missing_is_told() {
        let found = all(&points(&[0.0, 0.2], None), Answer::Probability);
        assert_eq!(found, Err("point 1 has no mass".to_owned()));
        let found = all(&points(&[0.0, 0.2], Some(1.0)), Answer::Logit);
        assert_eq!(found, Err("point 0 has no logit".to_owned()));
    }
}
