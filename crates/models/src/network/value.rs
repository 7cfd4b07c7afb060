//! A tensor whose rank is known at run time, because one graph mixes feature maps, tokens and scores.

use burn::tensor::{Device, Tensor};

/// What a node computes: a float tensor of any rank.
///
/// burn fixes the rank in the type; the rank written there is never read by the tensor itself, so one
/// handle can carry any of them and [`Value::tensor`] checks the rank where an operation needs it.
#[derive(Clone, Debug)]
pub struct Value(Tensor<1>);

impl Value {
    /// Wraps a tensor of any rank.
    pub fn new<const D: usize>(tensor: Tensor<D>) -> Self {
        Self(Tensor::from_dispatch(tensor.into_dispatch()))
    }

    /// The sizes of all axes.
    pub fn shape(&self) -> Vec<usize> {
        self.0.shape().to_vec()
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.rank()
    }

    /// The device that holds the numbers.
    pub fn device(&self) -> Device {
        self.0.device()
    }

    /// The tensor with its rank in the type.
    ///
    /// # Panics
    /// If the rank is not `D`: a graph that asks for this is wrong, whatever the data.
    pub fn tensor<const D: usize>(self) -> Tensor<D> {
        assert_eq!(self.rank(), D, "a value of shape {:?} was read as rank {D}", self.shape());
        Tensor::from_dispatch(self.0.into_dispatch())
    }

    /// Applies a function that treats all elements alike and keeps the shape.
    #[must_use]
    pub fn map(self, f: impl FnOnce(Tensor<1>) -> Tensor<1>) -> Self {
        Self(f(self.0))
    }

    /// `self + other`; the shapes must be equal.
    #[must_use]
    pub(crate) fn add(self, other: Self) -> Self {
        debug_assert_eq!(self.shape(), other.shape());
        Self(self.0 + other.0)
    }

    /// The same value as a gradient leaf: gradients stop here and can be read here.
    #[must_use]
    pub fn leaf(self) -> Self {
        let device = self.0.device();
        let plain = if device.is_autodiff() { self.0.inner() } else { self.0 };
        Self(plain.autodiff().require_grad())
    }

    /// The value plus a tracked zero, and that zero: its gradient is the gradient of the value.
    ///
    /// burn has no gradients of intermediate values; this leaf receives exactly that gradient.
    #[must_use]
    pub fn tap(self) -> (Self, Self) {
        let zero = self.0.zeros_like();
        let zero = if zero.is_autodiff() { zero.inner() } else { zero };
        let leaf = zero.autodiff().require_grad();
        (Self(self.0 + leaf.clone()), Self(leaf))
    }

    /// The gradient that reached this leaf, as a plain value.
    pub fn grad(&self, gradients: &burn::tensor::Gradients) -> Option<Self> {
        self.0.grad(gradients).map(Self)
    }
}
