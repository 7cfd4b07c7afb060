//! Class scores that are computed elsewhere: a network of which nothing is known but what it answers.

use std::fmt;
use std::sync::{Arc, OnceLock};

use burn::tensor::{Tensor, TensorData};

/// Something that can score images.
pub trait Scores: Send + Sync {
    /// The number of classes.
    fn classes(&self) -> usize;

    /// Whether the scores are probabilities already.
    fn probabilities(&self) -> bool;

    /// Scores `(n, classes)` of normalised images of `shape` `(n, c, h, w)`, both row by row.
    ///
    /// # Errors
    /// Says in one line why there are none. It is not asked again.
    fn scores(&self, images: Vec<f32>, shape: [usize; 4]) -> Result<Vec<f32>, String>;
}

/// A shared [`Scores`] as a part of a graph; two are equal if they are one.
#[derive(Clone)]
pub struct External {
    scores: Arc<dyn Scores>,
    /// Why there are no more scores.
    failure: Arc<OnceLock<String>>,
}

impl External {
    /// Wraps what computes the scores.
    pub fn new(scores: Arc<dyn Scores>) -> Self {
        Self { scores, failure: Arc::default() }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.scores.classes()
    }

    /// Why there are no more scores; nothing as long as all that were given are true.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// The scores of `(n, 3, h, w)`, on the same device. A run has no place for an error, so after a failure they are NaN and
    /// whoever has started the run asks for the [`External::failure`] behind it.
    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<2> {
        let (shape, device) = (x.dims(), x.device());
        let images = x.into_data().try_into_vec().unwrap_or_else(|error| panic!("images are f32: {error}"));
        let none = || vec![f32::NAN; shape[0] * self.classes()];
        let scores = match self.failure.get() {
            Some(_) => none(),
            None => self.scores.scores(images, shape).unwrap_or_else(|reason| {
                self.failure.get_or_init(|| reason);
                none()
            }),
        };
        Tensor::from_data(TensorData::new(scores, [shape[0], self.classes()]), &device)
    }
}

impl PartialEq for External {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.scores, &other.scores)
    }
}

impl fmt::Debug for External {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("External").field("classes", &self.classes()).finish_non_exhaustive()
    }
}
