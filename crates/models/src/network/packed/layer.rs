//! Layers with packed weights, and what follows them.

use std::fmt;
use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::{Conv2d, Epilogue, Function, Level, Linear, Masked};

use super::kernel::{Gradient, Kernel, change, contiguous, numbers, tensor};

/// An operation whose weights are packed.
pub(super) enum Layer {
    Conv(Conv2d),
    Linear(Linear),
}

impl Layer {
    /// The shape of the result for an input of a shape.
    pub(super) fn output(&self, x: &[usize]) -> Vec<usize> {
        match self {
            Self::Conv(conv) => {
                let [rows, columns] = conv.geometry().output([x[2], x[3]]);
                vec![x[0], conv.geometry().outputs, rows, columns]
            }
            Self::Linear(linear) => [&x[..x.len() - 1], &[linear.outputs()]].concat(),
        }
    }

    fn forward(&self, x: &FlexTensor, epilogue: Epilogue<'_>) -> Vec<f32> {
        match self {
            Self::Conv(conv) => {
                let [_, _, h, w] = x.layout().shape().dims();
                conv.forward(numbers(x), [h, w], epilogue)
            }
            Self::Linear(linear) => linear.forward(numbers(x), epilogue),
        }
    }

    /// The gradient of an input of shape `x` from that of the result.
    fn gradient(&self, gradient: &FlexTensor, x: &[usize]) -> Vec<f32> {
        match self {
            Self::Conv(conv) => conv.input_gradient(Masked::all(numbers(gradient)), [x[2], x[3]]),
            Self::Linear(linear) => linear.input_gradient(numbers(gradient)),
        }
    }
}

/// `clip(layer(x) + y)`; the summand `y` is a second input or missing.
pub(super) struct Chained {
    pub(super) level: Level,
    pub(super) layer: Arc<Layer>,
    pub(super) clip: [f32; 2],
}

impl fmt::Debug for Chained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chained").field("clip", &self.clip).finish_non_exhaustive()
    }
}

impl Kernel for Chained {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let inputs: Vec<FlexTensor> = inputs.into_iter().map(contiguous).collect();
        let shape = inputs[0].layout().shape().to_vec();
        let epilogue = Epilogue { add: inputs.get(1).map(numbers), clip: self.clip };
        let y = tensor(self.layer.forward(&inputs[0], epilogue), &self.layer.output(&shape));
        // Where the result lies on a bound, it was clipped and its gradient is zero: the result is mask enough, and the value before
        // the clipping need not be kept.
        let clipped = (self.clip != Epilogue::NOTHING.clip).then(|| y.clone());
        let back = move |gradient, wanted: &[bool]| self.backward(gradient, &shape, clipped.as_ref(), wanted);
        (y, tracked.then(|| Gradient::new(back)))
    }
}

impl Chained {
    /// The gradients of the inputs, the first of shape `x`; `clipped` is the result if it was clipped.
    fn backward(
        &self,
        gradient: FlexTensor,
        x: &[usize],
        clipped: Option<&FlexTensor>,
        wanted: &[bool],
    ) -> Vec<Option<FlexTensor>> {
        // A convolution copies the gradient anyway, and can leave out on the way what was clipped.
        if let (Layer::Conv(conv), Some(y), [true]) = (&*self.layer, clipped, wanted) {
            let gradient = contiguous(gradient);
            let masked = Masked { numbers: numbers(&gradient), mask: Some((numbers(y), self.clip)) };
            return vec![Some(tensor(conv.input_gradient(masked, [x[2], x[3]]), x))];
        }
        let gradient = match clipped {
            Some(y) => {
                let function = Function::Clip(self.clip);
                change(gradient, |gradient| function.gradient(self.level, numbers(y), gradient))
            }
            None => contiguous(gradient),
        };
        let mut gradients = vec![None; wanted.len()];
        if wanted[0] {
            gradients[0] = Some(tensor(self.layer.gradient(&gradient, x), x));
        }
        // A sum hands its gradient on unchanged.
        if wanted.get(1) == Some(&true) {
            gradients[1] = Some(gradient);
        }
        gradients
    }
}
