//! A tensor whose rank is known at run time, because one graph mixes feature maps, tokens and scores.

use std::ops::Range;

use burn::backend::DispatchTensor;
use burn::tensor::activation::softmax;
use burn::tensor::ops::PadMode;
use burn::tensor::{DType, Device, Slice, Tensor, module};

/// What a node computes: a float tensor of any rank.
///
/// burn fixes the rank in the type; the rank written there is never read by the tensor itself, so one
/// handle can carry any of them and [`Value::tensor`] checks the rank where an operation needs it.
///
/// On the CPU maps may lie in memory as [`kernels::Maps`] has them, in a tensor `(n, c / 16, h, w, 16)`. Nobody sees that but kernels:
/// shapes are `(n, c, h, w)`, and whoever asks for the tensor gets one of that shape.
#[derive(Clone, Debug)]
pub struct Value {
    pub(super) numbers: Tensor<1>,
    /// The channels of blocked maps.
    pub(super) channels: Option<usize>,
}

/// Operations on two values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    MatMul,
}

impl Binary {
    pub(super) fn apply<const D: usize>(self, x: Tensor<D>, y: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Add => x + y,
            Self::Subtract => x - y,
            Self::Multiply => x * y,
            Self::Divide => x / y,
            Self::MatMul => x.matmul(y),
        }
    }
}

/// Evaluates an expression with the tensor of a value, its rank in the type.
macro_rules! ranked {
    ($value:expr, $x:ident => $body:expr) => {{
        let value = $value;
        match value.rank() {
            1 => ranked!(value, 1, $x => $body),
            2 => ranked!(value, 2, $x => $body),
            3 => ranked!(value, 3, $x => $body),
            4 => ranked!(value, 4, $x => $body),
            5 => ranked!(value, 5, $x => $body),
            6 => ranked!(value, 6, $x => $body),
            rank => panic!("values have one to six axes, not {rank}"),
        }
    }};
    ($value:ident, $rank:literal, $x:ident => $body:expr) => {{
        let $x = $value.tensor::<$rank>();
        Value::new($body)
    }};
}

/// A shape as an array of a tensor's rank.
fn sizes<const D: usize>(_: &Tensor<D>, shape: &[usize]) -> [usize; D] {
    shape.try_into().unwrap_or_else(|_| unreachable!("the shape has the tensor's rank"))
}

impl Value {
    /// The most axes that a value may have.
    pub const MAX_RANK: usize = 6;

    /// Wraps a tensor of any rank.
    pub fn new<const D: usize>(tensor: Tensor<D>) -> Self {
        Self { numbers: Tensor::from_dispatch(tensor.into_dispatch()), channels: None }
    }

    /// The numbers as they lie in memory, of maps with so many channels if they are blocked.
    pub(super) fn from_memory(numbers: DispatchTensor, channels: Option<usize>) -> Self {
        Self { numbers: Tensor::from_dispatch(numbers), channels }
    }

    /// The numbers as they lie in memory, in the form that burn's backends exchange.
    pub(super) fn into_memory(self) -> DispatchTensor {
        self.numbers.into_dispatch()
    }

    /// The sizes of all axes.
    pub fn shape(&self) -> Vec<usize> {
        let shape = self.numbers.shape().to_vec();
        match self.channels {
            Some(channels) => vec![shape[0], channels, shape[2], shape[3]],
            None => shape,
        }
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        if self.channels.is_some() { 4 } else { self.numbers.rank() }
    }

    /// The type of the numbers.
    pub(super) fn dtype(&self) -> DType {
        self.numbers.dtype()
    }

    /// The device that holds the numbers.
    pub fn device(&self) -> Device {
        self.numbers.device()
    }

    /// The tensor with its rank in the type.
    ///
    /// # Panics
    /// If the rank is not `D`: a graph that asks for this is wrong, whatever the data.
    pub fn tensor<const D: usize>(self) -> Tensor<D> {
        assert_eq!(self.rank(), D, "a value of shape {:?} was read as rank {D}", self.shape());
        Tensor::from_dispatch(self.plain().into_memory())
    }

    /// A value of the same layout.
    fn with(&self, numbers: Tensor<1>) -> Self {
        Self { numbers, channels: self.channels }
    }

    /// Applies a function that treats all elements alike and keeps the shape.
    #[must_use]
    pub fn map(self, f: impl FnOnce(Tensor<1>) -> Tensor<1>) -> Self {
        let Self { numbers, channels } = self.without_spare_lanes();
        Self { numbers: f(numbers), channels }
    }

    /// Applies a function that treats all elements alike to two values of one shape.
    ///
    /// # Panics
    /// If the shapes differ.
    #[must_use]
    pub fn zip(self, other: Self, f: impl FnOnce(Tensor<1>, Tensor<1>) -> Tensor<1>) -> Self {
        assert_eq!(self.shape(), other.shape());
        let (x, y) = (self.without_spare_lanes(), other.without_spare_lanes());
        let (x, y) = if x.layout() == y.layout() { (x, y) } else { (x.plain(), y.plain()) };
        Self { numbers: f(x.numbers, y.numbers), channels: x.channels }
    }

    /// `self * other` under NumPy's rule of broadcasting.
    #[must_use]
    pub fn multiply(self, other: Self) -> Self {
        self.binary(other, Binary::Multiply)
    }

    /// The value repeated along axes of length 1 up to another value's shape.
    #[must_use]
    pub fn expand_like(self, other: &Self) -> Self {
        other.clone().map(|x| x.zeros_like()).binary(self, Binary::Add)
    }

    /// The same numbers in another shape.
    ///
    /// # Panics
    /// If the shape has no or too many axes, or holds another number of values.
    #[must_use]
    pub fn reshape(self, shape: &[usize]) -> Self {
        fn to<const D: usize>(x: Tensor<1>, shape: &[usize]) -> Value {
            let shape: [usize; D] = shape.try_into().unwrap_or_else(|_| unreachable!("matched below"));
            Value::new(x.reshape(shape))
        }
        if self.shape() == shape {
            return self;
        }
        // One pixel's channels lie one after the other in both layouts.
        let x = match self.shape()[..] {
            [_, _, 1, 1] if !self.has_spare_lanes() => self.numbers,
            _ => self.plain().numbers,
        };
        match shape.len() {
            1 => to::<1>(x, shape),
            2 => to::<2>(x, shape),
            3 => to::<3>(x, shape),
            4 => to::<4>(x, shape),
            5 => to::<5>(x, shape),
            6 => to::<6>(x, shape),
            rank => panic!("values have one to six axes, not {rank}"),
        }
    }

    /// The same value with leading axes of length 1 up to `rank` axes.
    fn with_rank(self, rank: usize) -> Self {
        let shape = self.shape();
        let missing = rank.saturating_sub(shape.len());
        self.reshape(&[vec![1; missing], shape].concat())
    }

    /// An operation on two values under NumPy's rule of broadcasting.
    pub(super) fn binary(self, other: Self, operation: Binary) -> Self {
        let rank = self.rank().max(other.rank());
        let (x, y) = (self.with_rank(rank), other.with_rank(rank));
        if x.meets_blocked(&y, operation) {
            return x.blocked_with(y, operation);
        }
        ranked!(x, x => operation.apply(x, y.tensor()))
    }

    /// Another order of the axes.
    #[must_use]
    pub fn permute(self, axes: &[usize]) -> Self {
        ranked!(self, x => {
            x.permute(std::array::from_fn(|axis| axes[axis] as isize))
        })
    }

    /// Part of an axis; what goes beyond it is cut.
    #[must_use]
    pub fn slice(self, axis: usize, range: Range<usize>, step: usize) -> Self {
        let shape = self.shape();
        let end = range.end.min(shape[axis]);
        if let Some(part) = self.blocked_slice(axis, range.start..end, step) {
            return part;
        }
        let part = |i: usize| {
            if i == axis {
                Slice::new(range.start as isize, Some(end as isize), step as isize)
            } else {
                Slice::full()
            }
        };
        let parts: Vec<Slice> = (0..shape.len()).map(part).collect();
        ranked!(self, x => x.slice(parts.as_slice()))
    }

    /// Equal numbers around all axes but the first.
    pub(super) fn pad(self, sides: &[(usize, usize)], value: f32) -> Self {
        if let Some(padded) = self.blocked_pad(sides, value) {
            return padded;
        }
        ranked!(self, x => {
            let all: Vec<(usize, usize)> = std::iter::once((0, 0)).chain(sides.iter().copied()).collect();
            x.pad(all.as_slice(), PadMode::Constant(value))
        })
    }

    /// Joins values along an axis; one without a batch is repeated.
    ///
    /// # Panics
    /// If there are none, or their shapes differ elsewhere.
    #[must_use]
    pub fn concat(values: Vec<Self>, axis: usize) -> Self {
        let values = match Self::blocked_concat(values, axis) {
            Ok(value) => return value,
            Err(values) => values,
        };
        let batch = values.iter().map(|value| value.shape()[0]).max().unwrap_or(1);
        let mut values = values.into_iter().map(|value| if axis == 0 { value } else { value.repeat(batch) });
        let first = values.next().expect("something to join");
        ranked!(first, x => {
            Tensor::cat(std::iter::once(x).chain(values.map(Self::tensor)).collect(), axis)
        })
    }

    /// The value for every image of a batch, if it is one for all.
    #[must_use]
    pub fn repeat(self, batch: usize) -> Self {
        let mut shape = self.shape();
        if shape[0] == batch {
            return self;
        }
        shape[0] = batch;
        ranked!(self, x => {
            let to = sizes(&x, &shape);
            x.expand(to)
        })
    }

    /// Mean over some axes.
    pub(super) fn mean(self, axes: &[usize], keep: bool) -> Self {
        let shape = self.shape();
        let mean = ranked!(self, x => axes.iter().rev().fold(x, |x, &axis| x.mean_dim(axis)));
        let left = |axis: &usize| !axes.contains(axis);
        if keep {
            mean
        } else {
            mean.reshape(&(0..shape.len()).filter(left).map(|i| shape[i]).collect::<Vec<_>>())
        }
    }

    pub(super) fn softmax(self, axis: usize) -> Self {
        ranked!(self, x => softmax(x, axis))
    }

    pub(super) fn layer_norm(self, weight: Tensor<1>, bias: Tensor<1>, epsilon: f64) -> Self {
        ranked!(self, x => module::layer_norm(x, weight, Some(bias), epsilon))
    }

    /// The same value as a gradient leaf: gradients stop here and can be read here.
    #[must_use]
    pub fn leaf(self) -> Self {
        let Self { numbers, channels } = self.untracked();
        Self { numbers: numbers.autodiff().require_grad(), channels }
    }

    /// The same numbers without a history of gradients.
    #[must_use]
    pub fn untracked(self) -> Self {
        let Self { numbers, channels } = self;
        Self { numbers: if numbers.device().is_autodiff() { numbers.inner() } else { numbers }, channels }
    }

    /// The sum along an axis, which stays with length 1.
    #[must_use]
    pub fn sum_over(self, axis: usize) -> Self {
        ranked!(self, x => x.sum_dim(axis))
    }

    /// The sum of all elements.
    pub fn sum(self) -> Tensor<1> {
        self.without_spare_lanes().numbers.sum()
    }

    /// The value plus a tracked zero, and that zero: its gradient is the gradient of the value.
    ///
    /// burn has no gradients of intermediate values; this leaf receives exactly that gradient.
    #[must_use]
    pub fn tap(self) -> (Self, Self) {
        let zero = self.with(self.numbers.zeros_like());
        let leaf = zero.leaf();
        (self.with(self.numbers.clone() + leaf.numbers.clone()), leaf)
    }

    /// The gradient that reached this leaf, as a plain value.
    pub fn grad(&self, gradients: &burn::tensor::Gradients) -> Option<Self> {
        self.numbers.grad(gradients).map(|gradient| self.with(gradient))
    }
}
