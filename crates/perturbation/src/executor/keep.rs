//! Keeping what the classifier is shown.

use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;

/// Whoever keeps the images of a job.
pub type Keep = Rc<RefCell<dyn Keeper>>;

/// Takes images.
pub trait Keeper: Debug {
    /// Whether an input of the job's plan is to be kept.
    fn wants(&self, _input: usize) -> bool {
        true
    }

    /// The next input of the job's plan that is wanted, (C, H, W), as the classifier got it, and its scores before the softmax (NaN where the
    /// classifier gives none); and what the last linear layer reads, none without [`Executor::with_features`] or such a layer.
    ///
    /// [`Executor::with_features`]: super::Executor::with_features
    fn keep(&mut self, image: &[f32], logits: &[f32], features: &[f32]);
}
