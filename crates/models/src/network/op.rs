//! The operations that a network is made of.

use super::external::External;

/// The position of a parameter in `Graph::parameters`.
pub type ParameterId = usize;

/// What a node does with its inputs. Shapes and axes are those of PyTorch, the batch axis (0) counted:
/// `(n, c, h, w)` maps, `(n, t, d)` tokens, `(n, k)` vectors.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The image, normalised.
    Input,
    /// Class scores that are computed elsewhere, without gradients.
    External(External),
    /// A stored tensor, the same for every image: a class token, position embeddings, a scale.
    Constant {
        /// The tensor; its shape is the parameter's.
        parameter: ParameterId,
    },
    /// Cross-correlation with a `(out, in / groups, kh, kw)` kernel.
    Conv2d {
        /// The kernel.
        weight: ParameterId,
        /// One number per output channel.
        bias: Option<ParameterId>,
        /// Steps down and right.
        stride: [usize; 2],
        /// Zeros on both sides, rows and columns.
        padding: [usize; 2],
        /// Distance between kernel taps.
        dilation: [usize; 2],
        /// Groups of channels that do not see each other.
        groups: usize,
    },
    /// `x W^T + b` over the last axis, with `W` of shape `(out, in)`.
    Linear {
        /// The matrix.
        weight: ParameterId,
        /// One number per output.
        bias: Option<ParameterId>,
    },
    /// Per-channel normalisation with stored statistics.
    BatchNorm2d {
        /// Scale.
        weight: ParameterId,
        /// Shift.
        bias: ParameterId,
        /// Running mean.
        mean: ParameterId,
        /// Running variance.
        variance: ParameterId,
        /// Added to the variance.
        epsilon: f64,
    },
    /// Normalisation over the last axis, with the statistics of each row.
    LayerNorm {
        /// Scale.
        weight: ParameterId,
        /// Shift.
        bias: ParameterId,
        /// Added to the variance.
        epsilon: f64,
    },
    /// `max(x, 0)`.
    Relu,
    /// Any other function of single numbers.
    Activation(Activation),
    /// `scale x + shift` with two fixed numbers.
    Affine {
        /// The factor.
        scale: f64,
        /// The summand.
        shift: f64,
    },
    /// Maximum over windows; padding never wins.
    MaxPool2d(Pool),
    /// Mean over windows.
    AvgPool2d {
        /// The windows.
        pool: Pool,
        /// Whether padding counts in the denominator.
        count_padding: bool,
    },
    /// Mean over windows that divide the map into a grid of this height and width.
    AdaptiveAvgPool2d {
        /// Height and width of the result.
        output: [usize; 2],
    },
    /// Mean over some axes.
    Mean {
        /// The axes; never the batch axis.
        axes: Vec<usize>,
        /// Whether they stay with length 1.
        keep: bool,
    },
    /// Exponentials over their sum along an axis.
    Softmax {
        /// The axis.
        axis: usize,
    },
    /// Sum; axes of length 1 are repeated and missing leading axes added, as in NumPy.
    Add,
    /// Difference, likewise.
    Subtract,
    /// Product of single numbers, likewise.
    Multiply,
    /// Quotient, likewise.
    Divide,
    /// Matrix products over the last two axes, likewise for the axes before.
    MatMul,
    /// Joins inputs along an axis. A constant is repeated for every image first.
    Concat {
        /// The axis.
        axis: usize,
    },
    /// All axes but the first become one.
    Flatten,
    /// Another shape for the same numbers in the same order.
    Reshape {
        /// The lengths; the only `None` is the axis that the batch goes to, and is whatever remains.
        shape: Vec<Option<usize>>,
    },
    /// Another order of the axes.
    Permute {
        /// For each new axis the old one.
        axes: Vec<usize>,
    },
    /// Part of an axis.
    Slice {
        /// The axis.
        axis: usize,
        /// The first index.
        start: usize,
        /// The index behind the last one; what goes beyond the axis is cut.
        end: usize,
        /// The step.
        step: usize,
    },
    /// Equal numbers before and after what is there.
    Pad {
        /// For each axis but the first, how many before and after.
        sides: Vec<(usize, usize)>,
        /// The number.
        value: f32,
    },
    /// Zeros around rows and columns as TensorFlow's `same` padding of the windows that follow: so many that
    /// `ceil(size / stride)` windows fit, an odd one at the far side.
    PadSame {
        /// Size of the windows that follow.
        kernel: [usize; 2],
        /// Their step.
        stride: [usize; 2],
    },
}

/// Windows over rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Window size.
    pub kernel: [usize; 2],
    /// Window step.
    pub stride: [usize; 2],
    /// Padding on both sides.
    pub padding: [usize; 2],
    /// Whether a last window that leaves the map on the far side counts.
    pub ceil: bool,
}

impl Pool {
    /// Square windows without a ragged end.
    pub fn square(kernel: usize, stride: usize, padding: usize) -> Self {
        Self { kernel: [kernel; 2], stride: [stride; 2], padding: [padding; 2], ceil: false }
    }

    /// Windows along one axis of a map.
    pub(super) fn windows(&self, axis: usize, size: usize) -> Option<usize> {
        let (kernel, stride, padding) = (self.kernel[axis], self.stride[axis], self.padding[axis]);
        let room = (size + 2 * padding).checked_sub(kernel)?;
        let count = if self.ceil { room.div_ceil(stride) } else { room / stride } + 1;
        // PyTorch: the last window must start inside the map or its left padding.
        let outside = self.ceil && (count - 1) * stride >= size + padding;
        Some(count - usize::from(outside))
    }
}

/// How many zeros `same` padding adds before and after an axis.
pub(super) fn same_padding(size: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let windows = size.div_ceil(stride).max(1);
    let missing = ((windows - 1) * stride + kernel).saturating_sub(size);
    (missing / 2, missing - missing / 2)
}

/// Functions of single numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `min(max(x, low), high)`; ReLU6 is 0 to 6.
    Clip(f64, f64),
    /// `x` or `slope x` below zero.
    LeakyRelu(f64),
    /// `x Phi(x)`, exactly.
    Gelu,
    /// GELU by its tanh formula.
    GeluTanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `min(max(slope x + offset, 0), 1)`.
    HardSigmoid(f64, f64),
    /// `x sigmoid(x)`.
    Silu,
    /// `x min(max(x + 3, 0), 6) / 6`.
    HardSwish,
    /// `x`, or `alpha (exp(x) - 1)` below zero.
    Elu(f64),
    /// `ln(1 + exp(x))`.
    Softplus,
    /// Hyperbolic tangent.
    Tanh,
    /// Gauss' error function.
    Erf,
    /// Exponential.
    Exp,
    /// Natural logarithm.
    Log,
    /// Square root.
    Sqrt,
    /// Absolute value.
    Abs,
}

impl Op {
    /// The operation's name without its settings.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::External(_) => "external",
            Self::Constant { .. } => "constant",
            Self::Conv2d { .. } => "conv2d",
            Self::Linear { .. } => "linear",
            Self::BatchNorm2d { .. } => "batchnorm2d",
            Self::LayerNorm { .. } => "layernorm",
            Self::Relu => "relu",
            Self::Activation(activation) => activation.kind(),
            Self::Affine { .. } => "affine",
            Self::MaxPool2d(_) => "maxpool2d",
            Self::AvgPool2d { .. } => "avgpool2d",
            Self::AdaptiveAvgPool2d { .. } => "adaptiveavgpool2d",
            Self::Mean { .. } => "mean",
            Self::Softmax { .. } => "softmax",
            Self::Add => "add",
            Self::Subtract => "subtract",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
            Self::MatMul => "matmul",
            Self::Concat { .. } => "concat",
            Self::Flatten => "flatten",
            Self::Reshape { .. } => "reshape",
            Self::Permute { .. } => "permute",
            Self::Slice { .. } => "slice",
            Self::Pad { .. } => "pad",
            Self::PadSame { .. } => "pad-same",
        }
    }

    /// Whether it is a ReLU, perhaps with an upper bound (ReLU6).
    pub fn is_relu(&self) -> bool {
        matches!(self, Self::Relu)
            || matches!(self, Self::Activation(Activation::Clip(low, _)) if *low == 0.0)
    }

    /// The parameters that the operation reads.
    pub fn parameters_mut(&mut self) -> Vec<&mut ParameterId> {
        match self {
            Self::Constant { parameter } => vec![parameter],
            Self::Conv2d { weight, bias, .. } | Self::Linear { weight, bias } => {
                std::iter::once(weight).chain(bias).collect()
            }
            Self::BatchNorm2d { weight, bias, mean, variance, .. } => vec![weight, bias, mean, variance],
            Self::LayerNorm { weight, bias, .. } => vec![weight, bias],
            _ => Vec::new(),
        }
    }

    /// Mean over all positions of a map: `(n, c, h, w)` to `(n, c, 1, 1)`.
    pub fn global_avg_pool() -> Self {
        Self::Mean { axes: vec![2, 3], keep: true }
    }

    /// Every `step`-th index of an axis, from the first.
    pub fn every(axis: usize, step: usize) -> Self {
        Self::Slice { axis, start: 0, end: usize::MAX, step }
    }

    /// The lengths behind the batch axis.
    pub fn reshape(item: &[usize]) -> Self {
        Self::Reshape { shape: std::iter::once(None).chain(item.iter().copied().map(Some)).collect() }
    }
}

impl Activation {
    fn kind(self) -> &'static str {
        match self {
            Self::Clip(low, high) if (low, high) == (0.0, 6.0) => "relu6",
            Self::Clip(..) => "clip",
            Self::LeakyRelu(_) => "leakyrelu",
            Self::Gelu => "gelu",
            Self::GeluTanh => "gelu-tanh",
            Self::Sigmoid => "sigmoid",
            Self::HardSigmoid(..) => "hardsigmoid",
            Self::Silu => "silu",
            Self::HardSwish => "hardswish",
            Self::Elu(_) => "elu",
            Self::Softplus => "softplus",
            Self::Tanh => "tanh",
            Self::Erf => "erf",
            Self::Exp => "exp",
            Self::Log => "log",
            Self::Sqrt => "sqrt",
            Self::Abs => "abs",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_depends_on_the_size() {
        assert_eq!(same_padding(224, 3, 2), (0, 1));
        assert_eq!(same_padding(65, 3, 2), (1, 1));
        assert_eq!(same_padding(14, 5, 2), (1, 2));
        assert_eq!(same_padding(7, 1, 2), (0, 0));
    }

    #[test]
    fn a_ragged_window_counts_only_if_it_starts_inside() {
        let pool = |ceil| Pool { ceil, ..Pool::square(3, 2, 0) };
        assert_eq!(pool(false).windows(0, 8), Some(3));
        assert_eq!(pool(true).windows(0, 8), Some(4));
        let padded = Pool { ceil: true, ..Pool::square(2, 2, 1) };
        assert_eq!(padded.windows(0, 3), Some(2)); // the third would start at 3, outside
        assert_eq!(pool(true).windows(0, 2), None);
    }
}
