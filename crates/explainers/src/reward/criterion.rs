//! What the epochs of a training are compared by: a metric of masks of images that the training does not see.

use attribution::Request;
use metrics::Measured;
use models::{Classifier, Tensor};
use pipe::Direction;

use super::{Judge, Metric, Reward};

/// One metric of masks.
pub struct Criterion(Reward);

impl Criterion {
    /// Reads the spec of a metric that one map and the classifier's answers give.
    ///
    /// # Errors
    /// If there is none of that name, or it needs more.
    pub fn parse(spec: &str) -> Result<Self, spec::Error> {
        Metric::parse(spec).map(|metric| Self(Reward::of(vec![(metric, 1.0)])))
    }

    /// The metric, as tables call it.
    pub fn name(&self) -> &str {
        &self.0.terms[0].0.name
    }

    /// Whether a mean is better than another one.
    pub fn is_better(&self, mean: f64, than: f64) -> bool {
        if self.0.terms[0].0.direction == Direction::Lower { mean < than } else { mean > than }
    }

    /// The value of the mask of each image, or why it has none; masks `(n, 1, h, w)` as the request's images.
    pub fn values(&self, classifier: &Classifier, request: &Request<'_>, masks: Tensor<4>) -> Vec<Measured> {
        let mut judge = Judge::new(&self.0, classifier);
        judge.take(request);
        let of: Vec<(usize, usize)> = request.targets.iter().copied().enumerate().collect();
        judge.scores(masks, &of).into_iter().map(|mut scores| scores.remove(0)).collect()
    }
}
