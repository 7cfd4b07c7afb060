//! Class scores that are computed elsewhere: a network of which nothing is known but what it answers.

use std::fmt;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

/// Something that can score images.
pub trait Scores: Send + Sync {
    /// The number of classes.
    fn classes(&self) -> usize;

    /// Whether the scores are probabilities already.
    fn probabilities(&self) -> bool;

    /// Scores `(n, classes)` of normalised images of `shape` `(n, 3, h, w)`, both row by row. What cannot be computed
    /// is NaN; whoever made the object knows how to ask it why.
    fn scores(&self, images: Vec<f32>, shape: [usize; 4]) -> Vec<f32>;
}

/// A shared [`Scores`] as a part of a graph; two are equal if they are one.
#[derive(Clone)]
pub struct External(Arc<dyn Scores>);

impl External {
    /// Wraps what computes the scores.
    pub fn new(scores: Arc<dyn Scores>) -> Self {
        Self(scores)
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.0.classes()
    }

    /// Whether the scores are probabilities already.
    pub fn probabilities(&self) -> bool {
        self.0.probabilities()
    }

    /// The scores of `(n, 3, h, w)`, on the same device.
    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<2> {
        let (shape, device) = (x.dims(), x.device());
        let images = x.into_data().try_into_vec().unwrap_or_else(|error| panic!("images are f32: {error}"));
        let scores = self.0.scores(images, shape);
        Tensor::from_data(TensorData::new(scores, [shape[0], self.classes()]), &device)
    }
}

impl PartialEq for External {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for External {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("External").field("classes", &self.classes()).finish_non_exhaustive()
    }
}
