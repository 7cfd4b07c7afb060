//! Convolutions, with what follows them.

use std::fmt;
use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::{After, Conv2d, Level, Masked};

use super::kernel::{Gradient, Kernel, contiguous, numbers, tensor};

/// `clip(conv(x) + y)`; the summand `y` is a second input or missing.
pub(super) struct Conv {
    pub(super) conv: Arc<Conv2d>,
    pub(super) clip: [f32; 2],
}

impl fmt::Debug for Conv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conv").field("geometry", self.conv.geometry()).field("clip", &self.clip).finish()
    }
}

impl Kernel for Conv {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let inputs: Vec<FlexTensor> = inputs.into_iter().map(contiguous).collect();
        let [n, _, h, w] = inputs[0].layout().shape().dims();
        let add = inputs.get(1).map(numbers);
        let y = self.conv.forward(numbers(&inputs[0]), [h, w], After { add, clip: self.clip });
        let [rows, columns] = self.conv.geometry().output([h, w]);
        let y = tensor(y, &[n, self.conv.geometry().outputs, rows, columns]);
        let clipped = (self.clip != After::NOTHING.clip).then(|| y.clone());
        let back = move |gradient, wanted: &[bool]| self.backward(gradient, [h, w], clipped.as_ref(), wanted);
        (y, tracked.then(|| Gradient::new(back)))
    }
}

impl Conv {
    /// The gradients of the inputs; `clipped` is the result if it was clipped.
    fn backward(
        &self,
        gradient: FlexTensor,
        size: [usize; 2],
        clipped: Option<&FlexTensor>,
        wanted: &[bool],
    ) -> Vec<Option<FlexTensor>> {
        let mut gradient = contiguous(gradient);
        let mut mask = clipped.map(|y| (numbers(y), self.clip));
        let mut gradients = vec![None; wanted.len()];
        if wanted.get(1) == Some(&true) {
            if let Some((y, bounds)) = mask.take() {
                gradient = masked(gradient, y, bounds);
            }
            gradients[1] = Some(gradient.clone());
        }
        if wanted[0] {
            let [n, ..] = gradient.layout().shape().dims::<4>();
            let x = self.conv.input_gradient(Masked { numbers: numbers(&gradient), mask }, size);
            gradients[0] = Some(tensor(x, &[n, self.conv.geometry().inputs, size[0], size[1]]));
        }
        gradients
    }
}

/// A gradient that is zero where a result was clipped.
fn masked(mut gradient: FlexTensor, y: &[f32], bounds: [f32; 2]) -> FlexTensor {
    let shape = gradient.layout().shape().to_vec();
    match gradient.try_storage_mut::<f32>() {
        Some(own) if own.len() == y.len() => {
            kernels::mask(Level::best(), own, y, bounds);
            gradient
        }
        _ => {
            let mut copy = numbers(&gradient).to_vec();
            kernels::mask(Level::best(), &mut copy, y, bounds);
            tensor(copy, &shape)
        }
    }
}
