//! EEA, the explainer-explained architecture: a network that is trained to mask an image for another one, and adapted to each image.

mod loss;
mod method;
mod network;
mod tuning;

pub(crate) use method::{EEA, PEEA};

pub use loss::{Loss, MaskLoss};
pub use network::{explainer, logits, masks};
pub use tuning::{Subject, tune};
