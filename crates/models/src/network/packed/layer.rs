//! Layers with packed weights, and what follows them.

use std::fmt;
use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::{Conv2d, Epilogue, Function, Level, Linear, Maps, Masked};

use super::kernel::{Gradient, Kernel, Layouts, change, contiguous, held, memory, numbers};

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

    /// How values lie in memory for it.
    pub(super) fn layouts(&self) -> Layouts {
        match self {
            Self::Conv(conv) => Layouts::Maps(conv.reads(), conv.geometry().outputs),
            Self::Linear(_) => Layouts::Plain,
        }
    }

    fn forward(&self, x: &FlexTensor, epilogue: Epilogue<'_>) -> FlexTensor {
        let shape = x.layout().shape();
        match self {
            Self::Conv(conv) => {
                let (n, size) = (shape[0], [shape[2], shape[3]]);
                let maps = Maps { channels: conv.geometry().outputs, size: conv.geometry().output(size) };
                held(conv.forward(numbers(x), size, epilogue), &memory(n, maps))
            }
            Self::Linear(linear) => {
                let result = [&shape[..shape.len() - 1], &[linear.outputs()]].concat();
                held(linear.forward(numbers(x), epilogue), &result)
            }
        }
    }

    /// The gradient of an input that has the shape `x` in memory, from that of the result.
    fn gradient(&self, gradient: Masked<'_>, x: &[usize]) -> FlexTensor {
        match self {
            Self::Conv(conv) => held(conv.input_gradient(gradient, [x[2], x[3]]), x),
            Self::Linear(linear) => held(linear.input_gradient(gradient.numbers), x),
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
        let y = self.layer.forward(&inputs[0], epilogue);
        // Where the result lies on a bound, it was clipped and its gradient is zero: the result is mask enough, and the value before
        // the clipping need not be kept.
        let clipped = (self.clip != Epilogue::NOTHING.clip).then(|| y.clone());
        let back = move |gradient, wanted: &[bool]| self.backward(gradient, &shape, clipped.as_ref(), wanted);
        (y, tracked.then(|| Gradient::new(back)))
    }
}

impl Chained {
    /// The gradients of the inputs, the first of shape `x` in memory; `clipped` is the result if it was clipped.
    fn backward(
        &self,
        gradient: FlexTensor,
        x: &[usize],
        clipped: Option<&FlexTensor>,
        wanted: &[bool],
    ) -> Vec<Option<FlexTensor>> {
        // A convolution copies the gradient anyway, and can leave out on the way what was clipped.
        if let (Layer::Conv(_), Some(y), [true]) = (&*self.layer, clipped, wanted) {
            let gradient = contiguous(gradient);
            let masked = Masked { numbers: numbers(&gradient), mask: Some((numbers(y), self.clip)) };
            return vec![Some(self.layer.gradient(masked, x))];
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
            gradients[0] = Some(self.layer.gradient(Masked::all(numbers(&gradient)), x));
        }
        // A sum hands its gradient on unchanged.
        if wanted.get(1) == Some(&true) {
            gradients[1] = Some(gradient);
        }
        gradients
    }
}
