//! From the answers to single inputs to the curves of a job.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::rc::Rc;

use images::FillError;

use super::known::{Answer, Clean};
use crate::plan::{Source, Step};
use crate::point::Measures;
use crate::undefined::Undefined;

/// The classifier's answer at one point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// How much of the image is perturbed, from 0 to 1.
    pub fraction: f64,
    /// The probability of the target class; the mean over the runs of a random fill.
    pub probability: f32,
    /// Its score before the softmax; the mean over the runs; NaN where the classifier gives none.
    pub logit: f32,
    /// The class with the highest score; the most frequent one over runs, the lowest of equally frequent ones.
    pub predicted: usize,
    /// What the test measures besides, as its plan says.
    pub measures: Measures,
}

/// The answers to a test, or why it measures nothing on the map.
pub type Curve = Result<Vec<CurvePoint>, Undefined>;

/// The answers to a job.
#[derive(Clone, Debug)]
pub struct MapResult<T> {
    /// What the caller gave.
    pub tag: T,
    /// The class whose probability was taken.
    pub target: usize,
    /// For each test of the plan its points, or why an input could not be painted.
    pub curves: Result<Vec<Curve>, FillError>,
    /// For each test and each of its points the input of the plan that the answer is to; nothing for the clean image, and for the
    /// mean over several.
    pub inputs: Vec<Vec<Option<usize>>>,
    /// The clean image's scores before the softmax, of all classes; none if no test measures anything.
    pub logits: Vec<f32>,
    /// Likewise its probabilities.
    pub probabilities: Vec<f32>,
    /// Likewise what the last linear layer reads; none where nobody keeps images, or without such a layer.
    pub features: Vec<f32>,
}

/// The classifier's answer to one input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prediction {
    /// Of the target class.
    pub(super) probability: f32,
    /// Of the target class, before the softmax.
    pub(super) logit: f32,
    /// The class with the highest score.
    pub(super) predicted: usize,
}

/// A job of which some inputs are not answered yet.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    pub(super) tag: T,
    pub(super) target: usize,
    pub(super) curves: Vec<Result<Vec<Step>, Undefined>>,
    pub(super) clean: Rc<OnceCell<Clean>>,
    /// For each input of the plan; for those before the one that could not be painted, if there is one.
    pub(super) answers: Vec<Answer>,
    /// Why there will be no outcome.
    pub(super) failed: Option<FillError>,
}

impl<T> Waiting<T> {
    /// Whether no answer is to come any more.
    pub(super) fn is_complete(&self) -> bool {
        let is_asked = self.curves.iter().any(Result::is_ok);
        (!is_asked || self.clean.get().is_some()) && self.answers.iter().all(|answer| answer.get().is_some())
    }

    pub(super) fn outcome(self) -> MapResult<T> {
        let curves = self.failed.clone().map_or_else(|| Ok(self.curves()), Err);
        let of_clean =
            |scores: fn(&Clean) -> &Vec<f32>| self.clean.get().map(scores).cloned().unwrap_or_default();
        let [logits, probabilities, features] = [
            of_clean(|clean| &clean.logits),
            of_clean(|clean| &clean.probabilities),
            of_clean(|clean| &clean.features),
        ];
        let inputs = self.inputs();
        MapResult { target: self.target, curves, tag: self.tag, inputs, logits, probabilities, features }
    }

    fn curves(&self) -> Vec<Curve> {
        let answer = |step: &Step| {
            let predictions: Vec<Prediction> =
                step.sources.iter().map(|&source| self.prediction(source)).collect();
            let Prediction { probability, logit, predicted } = join(&predictions);
            CurvePoint { fraction: step.fraction, probability, logit, predicted, measures: step.measures }
        };
        let curve = |steps: &Result<Vec<Step>, Undefined>| match steps {
            Ok(steps) => Ok(steps.iter().map(answer).collect()),
            Err(why) => Err(*why),
        };
        self.curves.iter().map(curve).collect()
    }

    fn inputs(&self) -> Vec<Vec<Option<usize>>> {
        let input = |step: &Step| match step.sources[..] {
            [Source::Input(input)] => Some(input),
            _ => None,
        };
        let of_test = |steps: &Result<Vec<Step>, Undefined>| steps.iter().flatten().map(input).collect();
        self.curves.iter().map(of_test).collect()
    }

    fn prediction(&self, source: Source) -> Prediction {
        let of_clean = |clean: &Clean| Prediction {
            probability: clean.probabilities[self.target],
            logit: clean.logits[self.target],
            predicted: clean.predicted,
        };
        let prediction = match source {
            Source::Clean => self.clean.get().map(of_clean),
            Source::Input(input) => self.answers[input].get().copied(),
        };
        prediction.expect("a complete job has all its predictions")
    }
}

/// The mean probability and logit and the most frequent class; the lowest of equally frequent ones.
fn join(predictions: &[Prediction]) -> Prediction {
    let mean = |value: fn(&Prediction) -> f32| {
        let sum: f64 = predictions.iter().map(|prediction| f64::from(value(prediction))).sum();
        (sum / predictions.len() as f64) as f32
    };
    let (probability, logit) =
        (mean(|prediction| prediction.probability), mean(|prediction| prediction.logit));
    let votes = |class: usize| predictions.iter().filter(|prediction| prediction.predicted == class).count();
    let classes = predictions.iter().map(|prediction| prediction.predicted);
    let predicted = classes.max_by_key(|&class| (votes(class), Reverse(class))).unwrap_or_default();
    Prediction { probability, logit, predicted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_joined() {
        let join = |predictions: &[(f32, usize)]| {
            let prediction =
                |&(probability, predicted): &(f32, usize)| Prediction { probability, logit: 0.0, predicted };
            let Prediction { probability, predicted, .. } =
                join(&predictions.iter().map(prediction).collect::<Vec<_>>());
            (probability, predicted)
        };
        assert_eq!(join(&[(0.3, 7)]), (0.3, 7));
        assert_eq!(join(&[(0.1, 7), (0.1, 7), (0.1, 7)]), (0.1, 7));
        assert_eq!(join(&[(0.0, 9), (0.5, 2), (1.0, 9)]), (0.5, 9));
        assert_eq!(join(&[(0.0, 9), (1.0, 2)]), (0.5, 2));
    }
}
