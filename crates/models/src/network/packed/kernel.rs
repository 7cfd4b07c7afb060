//! Operations of `kernels` as a burn backend extension, with their gradients.

use std::fmt::{self, Debug};
use std::sync::Arc;

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{DType, Device, TensorData};
use burn_flex::FlexTensor;
use kernels::{Buffer, Layout, Maps, Target};

use crate::network::value::Value;

/// An operation on `f32` tensors of the CPU.
pub trait Kernel: Debug + Send + Sync {
    /// The result and, if it is asked for, the way back.
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>);
}

/// The gradients of the inputs that want one from that of the result.
type GradientFn = dyn Fn(FlexTensor, &[bool]) -> Vec<Option<FlexTensor>> + Send + Sync;

/// What an operation keeps for the way back.
#[derive(Clone)]
pub struct Gradient(Arc<GradientFn>);

impl Gradient {
    /// Gives, for each input, its gradient if it is wanted.
    pub(super) fn new(
        gradient: impl Fn(FlexTensor, &[bool]) -> Vec<Option<FlexTensor>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(gradient))
    }
}

impl Debug for Gradient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gradient")
    }
}

/// A backend whose tensors kernels work on.
pub trait Host: Backend {
    /// [`Kernel::forward`].
    fn forward(
        kernel: Arc<dyn Kernel>,
        inputs: Vec<FloatTensor<Self>>,
        tracked: bool,
    ) -> (FloatTensor<Self>, Option<Gradient>);
    /// The gradients of the inputs that want one.
    fn backward(
        back: &Gradient,
        gradient: FloatTensor<Self>,
        wanted: &[bool],
    ) -> Vec<Option<FloatTensor<Self>>>;
}

impl Host for Flex {
    fn forward(
        kernel: Arc<dyn Kernel>,
        inputs: Vec<FlexTensor>,
        tracked: bool,
    ) -> (FlexTensor, Option<Gradient>) {
        kernel.forward(inputs, tracked)
    }

    fn backward(back: &Gradient, gradient: FlexTensor, wanted: &[bool]) -> Vec<Option<FlexTensor>> {
        (back.0)(gradient, wanted)
    }
}

/// A backend that kernels can be called on, by their number of inputs.
#[backend_extension(Flex, Autodiff)]
pub trait Kernels: Backend {
    /// One input.
    fn unary(x: FloatTensor<Self>, kernel: Arc<dyn Kernel>) -> FloatTensor<Self>;
    /// Two inputs.
    fn binary(x: FloatTensor<Self>, y: FloatTensor<Self>, kernel: Arc<dyn Kernel>) -> FloatTensor<Self>;
    /// Three inputs.
    fn ternary(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        kernel: Arc<dyn Kernel>,
    ) -> FloatTensor<Self>;
}

impl Kernels for Flex {
    fn unary(x: FlexTensor, kernel: Arc<dyn Kernel>) -> FlexTensor {
        kernel.forward(vec![x], false).0
    }

    fn binary(x: FlexTensor, y: FlexTensor, kernel: Arc<dyn Kernel>) -> FlexTensor {
        kernel.forward(vec![x, y], false).0
    }

    fn ternary(x: FlexTensor, y: FlexTensor, z: FlexTensor, kernel: Arc<dyn Kernel>) -> FlexTensor {
        kernel.forward(vec![x, y, z], false).0
    }
}

impl<B: Host, C: CheckpointStrategy> Kernels for Autodiff<B, C> {
    fn unary(x: FloatTensor<Self>, kernel: Arc<dyn Kernel>) -> FloatTensor<Self> {
        track::<B, C, 1>([x], kernel)
    }

    fn binary(x: FloatTensor<Self>, y: FloatTensor<Self>, kernel: Arc<dyn Kernel>) -> FloatTensor<Self> {
        track::<B, C, 2>([x, y], kernel)
    }

    fn ternary(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        kernel: Arc<dyn Kernel>,
    ) -> FloatTensor<Self> {
        track::<B, C, 3>([x, y, z], kernel)
    }
}

/// A kernel as a step of the backward pass.
#[derive(Debug)]
struct Step;

impl<B: Host, const N: usize> Backward<B, N> for Step {
    type State = Option<Gradient>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let back = ops.state.expect("a tracked kernel keeps its gradient");
        for (parent, result) in ops.parents.into_iter().zip(B::backward(&back, gradient, &wanted)) {
            if let (Some(parent), Some(result)) = (parent, result) {
                gradients.register::<B>(parent.id, result);
            }
        }
    }
}

fn track<B: Host, C: CheckpointStrategy, const N: usize>(
    inputs: [FloatTensor<Autodiff<B, C>>; N],
    kernel: Arc<dyn Kernel>,
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = inputs.each_ref().map(FloatTensor::<Autodiff<B, C>>::node);
    let inputs = inputs.into_iter().map(FloatTensor::<Autodiff<B, C>>::into_primitive).collect();
    match Step.prepare::<C>(nodes).compute_bound().stateful() {
        // Only here is something kept for the way back; a run without gradients frees its values as it goes.
        OpsKind::Tracked(step) => {
            let (value, gradient) = B::forward(kernel, inputs, true);
            step.finish(gradient, value)
        }
        OpsKind::UnTracked(step) => step.finish(B::forward(kernel, inputs, false).0),
    }
}

/// Whether kernels can work on a value: `f32` on the CPU.
pub(in crate::network) fn fits(x: &Value) -> bool {
    x.device() == Device::flex() && x.dtype() == DType::F32
}

/// How a kernel takes and gives values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layouts {
    /// It does not look at the layout, and keeps it.
    Any,
    /// In the order of their shapes.
    Plain,
    /// It reads maps in this layout, other inputs blocked, and gives blocked maps of so many channels.
    Maps(Layout, usize),
    /// It reads blocked maps and gives numbers in the order of their shape.
    FromMaps,
    /// It reads maps in this layout and other numbers in their order, and gives blocked maps of so many channels.
    Channels(Layout, usize),
}

impl Layouts {
    /// The values as the kernel takes them.
    fn prepare(self, inputs: Vec<Value>) -> Vec<Value> {
        let prepare = |(i, x): (usize, Value)| match self {
            Self::Any => x,
            Self::Plain => x.plain(),
            Self::Maps(Layout::Plain, _) | Self::Channels(Layout::Plain, _) if i == 0 => x.plain(),
            Self::Channels(..) if i > 0 => x.plain(),
            Self::Maps(..) | Self::FromMaps | Self::Channels(..) => x.blocked(),
        };
        inputs.into_iter().enumerate().map(prepare).collect()
    }
}

/// Computes a kernel of one to three values.
///
/// # Panics
/// If there are more, or a value does not [fit](fits).
pub(super) fn call(kernel: Arc<dyn Kernel>, layouts: Layouts, inputs: Vec<Value>) -> Value {
    let channels = match layouts {
        Layouts::Any => inputs[0].channels,
        Layouts::Plain | Layouts::FromMaps => None,
        Layouts::Maps(_, channels) | Layouts::Channels(_, channels) => Some(channels),
    };
    call_in_memory(kernel, layouts.prepare(inputs), channels)
}

/// Computes a kernel on values as they lie, which gives maps of so many channels if they are blocked.
pub(super) fn call_in_memory(kernel: Arc<dyn Kernel>, inputs: Vec<Value>, channels: Option<usize>) -> Value {
    let mut inputs = inputs.into_iter().map(Value::into_memory);
    let tensor = match (inputs.next(), inputs.next(), inputs.next(), inputs.next()) {
        (Some(x), None, None, None) => <Dispatch as Kernels>::unary(x, kernel),
        (Some(x), Some(y), None, None) => <Dispatch as Kernels>::binary(x, y, kernel),
        (Some(x), Some(y), Some(z), None) => <Dispatch as Kernels>::ternary(x, y, z, kernel),
        _ => panic!("a kernel has one to three inputs"),
    };
    Value::from_memory(tensor, channels)
}

/// The tensor with its numbers in row-major order.
pub(super) fn contiguous(x: FlexTensor) -> FlexTensor {
    if x.layout().contiguous_offsets().is_some() { x } else { x.to_contiguous() }
}

/// The numbers of a tensor that is [`contiguous`].
pub(super) fn numbers(x: &FlexTensor) -> &[f32] {
    x.as_slice().expect("contiguous numbers")
}

/// A tensor after a change, in place if nobody else reads it. `change` gives a copy that it had to make.
pub(super) fn change(x: FlexTensor, change: impl FnOnce(Target<'_>) -> Option<Buffer>) -> FlexTensor {
    let mut x = contiguous(x);
    let shape = x.layout().shape().to_vec();
    let (count, start) = (shape.iter().product::<usize>(), x.layout().start_offset());
    let copy = match x.try_storage_mut::<f32>() {
        // A view of a larger tensor must not be changed in place: others read the rest.
        Some(own) if own.len() == count && start == 0 => change(Target::Own(own)),
        _ => change(Target::Shared(numbers(&x))),
    };
    copy.map_or(x, |copy| held(copy, &shape))
}

/// A tensor of a kernel's result.
pub(super) fn held(numbers: Buffer, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::from_bytes(super::held::bytes(numbers), shape, DType::F32))
}

/// The shape of maps of `n` images in memory.
pub(super) fn memory(n: usize, maps: Maps) -> [usize; 5] {
    [n, maps.blocks(), maps.size[0], maps.size[1], maps.plane() / (maps.size[0] * maps.size[1])]
}
