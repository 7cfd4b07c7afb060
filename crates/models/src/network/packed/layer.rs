//! Layers with packed weights, and what follows them.

use std::fmt;
use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::{Conv2d, Epilogue, Function, Level, Linear, Maps, Masked, column_sums};

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

    pub(super) fn forward(&self, x: &FlexTensor, epilogue: Epilogue<'_>) -> FlexTensor {
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
    pub(super) fn gradient(&self, gradient: Masked<'_>, x: &[usize]) -> FlexTensor {
        match self {
            Self::Conv(conv) => held(conv.input_gradient(gradient, [x[2], x[3]]), x),
            Self::Linear(linear) => held(linear.input_gradient(gradient.numbers), x),
        }
    }

    /// Whether there is a kernel for the gradient of the weights.
    pub(super) fn trains(&self) -> bool {
        match self {
            Self::Conv(conv) => conv.has_weight_gradient(),
            Self::Linear(_) => true,
        }
    }

    /// The gradient of the weights, which have a shape, from an input and the gradient of its result.
    pub(super) fn weight_gradient(
        &self,
        x: &FlexTensor,
        gradient: &FlexTensor,
        shape: &[usize],
    ) -> FlexTensor {
        let (size, x, gradient) = (x.layout().shape(), numbers(x), numbers(gradient));
        match self {
            Self::Conv(conv) => held(conv.weight_gradient(x, gradient, [size[2], size[3]]), shape),
            Self::Linear(linear) => held(linear.weight_gradient(x, gradient), shape),
        }
    }

    /// The gradient of the bias from that of the result.
    pub(super) fn bias_gradient(&self, level: Level, gradient: &FlexTensor) -> Vec<f32> {
        let (shape, gradient) = (gradient.layout().shape(), numbers(gradient));
        match self {
            Self::Conv(conv) => {
                let maps = Maps { channels: conv.geometry().outputs, size: [shape[2], shape[3]] };
                maps.sum(level, gradient)
            }
            Self::Linear(linear) => column_sums(level, linear.outputs(), gradient),
        }
    }
}

/// `end(clip(layer(x) + y))`; the summand `y` is a second input or missing.
pub(super) struct Chained {
    pub(super) level: Level,
    pub(super) layer: Arc<Layer>,
    pub(super) clip: [f32; 2],
    /// Behind a linear layer that does not clip.
    pub(super) end: Option<Function>,
}

impl fmt::Debug for Chained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chained").field("clip", &self.clip).field("end", &self.end).finish_non_exhaustive()
    }
}

impl Kernel for Chained {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let inputs: Vec<FlexTensor> = inputs.into_iter().map(contiguous).collect();
        let shape = inputs[0].layout().shape().to_vec();
        // On the way back its slope is wanted at the value before it.
        let end = self.end.filter(|_| !tracked);
        let epilogue = Epilogue { add: inputs.get(1).map(numbers), clip: self.clip, end };
        let y = self.layer.forward(&inputs[0], epilogue);
        if !tracked {
            return (y, None);
        }
        let Some(end) = self.end else {
            // Where the result lies on a bound, it was clipped and its gradient is zero: the result is mask enough, and the value
            // before the clipping need not be kept.
            let clipped =
                (self.clip != Epilogue::NOTHING.clip).then(|| (Function::Clip(self.clip), y.clone()));
            return (y, Some(self.back(shape, clipped)));
        };
        let after = change(y.clone(), |y| end.apply(self.level, y));
        (after, Some(self.back(shape, Some((end, y)))))
    }
}

impl Chained {
    /// The way back to an input of shape `x` in memory, through the slope of a function at some values.
    fn back(self: Arc<Self>, x: Vec<usize>, slope: Option<(Function, FlexTensor)>) -> Gradient {
        Gradient::new(move |gradient, wanted| self.backward(gradient, &x, slope.as_ref(), wanted))
    }

    /// The gradients of the inputs, the first of shape `x` in memory.
    fn backward(
        &self,
        gradient: FlexTensor,
        x: &[usize],
        slope: Option<&(Function, FlexTensor)>,
        wanted: &[bool],
    ) -> Vec<Option<FlexTensor>> {
        // A convolution copies the gradient anyway, and can leave out on the way what was clipped.
        if let (Layer::Conv(_), Some((Function::Clip(clip), y)), [true]) = (&*self.layer, slope, wanted) {
            let gradient = contiguous(gradient);
            let masked = Masked { numbers: numbers(&gradient), mask: Some((numbers(y), *clip)) };
            return vec![Some(self.layer.gradient(masked, x))];
        }
        let gradient = match slope {
            Some((function, y)) => {
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
