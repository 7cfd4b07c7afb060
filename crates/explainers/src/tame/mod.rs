//! TAME (Ntrougkas et al., "TAME: Attention Mechanism Based Feature Fusion for Generating Explanation Maps of Convolutional Neural
//! Networks", 2022): attention branches on three feature maps of the explained network, trained to mask its images.

mod layers;
mod loss;
mod method;
mod network;

pub use layers::layers;
pub use loss::{Loss, Masks};
pub(crate) use method::ENTRY;
pub(crate) use network::is_own;
pub use network::{class_maps, explainer, masks};
