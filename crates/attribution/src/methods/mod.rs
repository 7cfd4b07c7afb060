//! One file for each method.

pub(crate) mod gradcam;
pub(crate) mod gradient;
pub(crate) mod guided_backprop;
pub(crate) mod input_x_gradient;
pub(crate) mod integrated_gradients;
pub(crate) mod layercam;
pub(crate) mod occlusion;
pub(crate) mod random;
pub(crate) mod rise;
pub(crate) mod smoothgrad;
