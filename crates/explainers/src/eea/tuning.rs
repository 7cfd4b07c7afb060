//! EEA's second stage: the explainer learns on for one image.

use learning::Learner;
use models::{Classifier, Tensor};

use super::{Loss, logits, masks};

/// The image and what is explained of it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// As the explained network takes it, `(1, c, h, w)`.
    pub image: Tensor<4>,
    /// As the explainer takes it.
    pub explained_as: Tensor<4>,
    /// The class.
    pub target: usize,
}

/// The masks that an explainer makes of an image while it learns on for it, `(1, 1, h, w)` of the image's size and in 0..1, at the most
/// `steps`: each is made before the step that follows, so the first one is that of the explainer as it is. `watch` sees each and says
/// whether to go on; `rates` are those of the steps.
///
/// # Errors
/// If the loss is not finite.
pub fn tune(
    mut learner: Learner,
    classifier: &Classifier,
    subject: &Subject,
    loss: Loss,
    steps: usize,
    rates: impl Fn(usize) -> f64,
    mut watch: impl FnMut(Tensor<4>) -> bool,
) -> Result<(), String> {
    let [_, _, h, w] = subject.image.dims();
    for step in 0..steps {
        let network = learner.tracked();
        let logits = logits(&network, subject.explained_as.clone().autodiff());
        if !watch(masks(logits.clone().inner(), [h, w])) || step + 1 == steps {
            break;
        }
        let loss = loss.of(classifier, subject.image.clone().autodiff(), logits, &[subject.target]);
        learner.descend(rates(step), &network, loss).map_err(|loss| {
            format!("the loss is {loss} in step {} of the fine-tuning: a lower rate may help", step + 1)
        })?;
    }
    Ok(())
}
