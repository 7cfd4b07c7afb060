//! Convolutions on the CPU with weights packed once (`kernels`), as a burn backend extension.
//!
//! Only the input gets a gradient here; a network whose weights are tracked uses burn's own convolution.

use std::sync::Arc;

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Tensor, TensorData};
use burn_flex::FlexTensor;
use kernels::{Conv2d, Geometry};

use super::Network;
use super::graph::{NodeId, Op};

/// A packed kernel and the tensor that it was packed from.
pub struct Packed {
    conv: Conv2d,
    weight: FlexTensor,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.conv.geometry().fmt(f)
    }
}

/// A backend that convolves with packed weights.
#[backend_extension(Flex, Autodiff)]
pub trait PackedConv: Backend {
    /// The convolution of `(n, c, h, w)`.
    fn packed_conv(x: FloatTensor<Self>, kernel: Arc<Packed>) -> FloatTensor<Self>;
    /// The gradient of an input of height and width `size` from that of the output.
    fn packed_conv_gradient(
        gradient: FloatTensor<Self>,
        kernel: Arc<Packed>,
        size: [usize; 2],
    ) -> FloatTensor<Self>;
}

impl PackedConv for Flex {
    fn packed_conv(x: FlexTensor, kernel: Arc<Packed>) -> FlexTensor {
        let x = x.to_contiguous();
        let [n, _, h, w] = shape(&x);
        let y = kernel.conv.forward(x.storage::<f32>(), [h, w]);
        let [rows, columns] = kernel.conv.geometry().output([h, w]);
        FlexTensor::from_data(TensorData::new(y, [n, kernel.conv.geometry().outputs, rows, columns]))
    }

    fn packed_conv_gradient(gradient: FlexTensor, kernel: Arc<Packed>, size: [usize; 2]) -> FlexTensor {
        let gradient = gradient.to_contiguous();
        let [n, ..] = shape(&gradient);
        let x = kernel.conv.input_gradient(gradient.storage::<f32>(), size);
        FlexTensor::from_data(TensorData::new(x, [n, kernel.conv.geometry().inputs, size[0], size[1]]))
    }
}

fn shape(x: &FlexTensor) -> [usize; 4] {
    x.layout().shape().dims()
}

impl<B: PackedConv, C: CheckpointStrategy> PackedConv for Autodiff<B, C> {
    fn packed_conv(x: FloatTensor<Self>, kernel: Arc<Packed>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Step;
        impl<B: PackedConv> Backward<B, 1> for Step {
            type State = (Arc<Packed>, [usize; 2]);
            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let (kernel, size) = ops.state;
                unary::<B, _>(ops.parents, ops.node, grads, |g| B::packed_conv_gradient(g, kernel, size));
            }
        }
        let [_, _, h, w] = burn::backend::TensorMetadata::shape(x.primitive()).dims();
        match Step.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(step) => {
                let y = B::packed_conv(x.into_primitive(), Arc::clone(&kernel));
                step.finish((kernel, [h, w]), y)
            }
            OpsKind::UnTracked(step) => step.finish(B::packed_conv(x.into_primitive(), kernel)),
        }
    }

    fn packed_conv_gradient(
        gradient: FloatTensor<Self>,
        kernel: Arc<Packed>,
        size: [usize; 2],
    ) -> FloatTensor<Self> {
        // Gradients of gradients do not exist in burn; the value is all that is left.
        let value = B::packed_conv_gradient(gradient.into_primitive(), kernel, size);
        <Self as burn::backend::AutodiffBackend>::from_inner(value)
    }
}

impl Network {
    /// Packs the kernels of all convolutions with one group for the CPU. On other devices nothing happens.
    #[must_use]
    pub fn pack(mut self) -> Self {
        let nodes = self.graph().nodes.iter().enumerate();
        self.packed = nodes.map(|(id, _)| self.pack_node(id).map(Arc::new)).collect();
        self
    }

    fn pack_node(&self, node: NodeId) -> Option<Packed> {
        let Op::Conv2d { weight, bias, stride, padding, dilation, groups: 1 } = self.graph().nodes[node].op
        else {
            return None;
        };
        let kernel = self.kernel(weight);
        let [outputs, inputs, rows, columns] = kernel.dims();
        let geometry = Geometry { inputs, outputs, kernel: [rows, columns], stride, padding, dilation };
        let weight = kernel.try_into_primitive::<Flex>().ok()?.to_contiguous();
        let bias = bias.map(|id| self.vector(id).into_data().iter::<f32>().collect::<Vec<f32>>());
        let conv = Conv2d::new(geometry, weight.storage::<f32>(), bias.as_deref());
        Some(Packed { conv, weight })
    }

    /// The convolution of a node by its packed kernel, if there is one and the weights are still the same.
    pub(super) fn packed_conv(&self, node: NodeId, x: &Tensor<4>) -> Option<Tensor<4>> {
        let Op::Conv2d { weight, .. } = self.graph().nodes[node].op else { return None };
        let packed = self.packed.get(node)?.as_ref()?;
        let now = self.kernel(weight).try_into_primitive::<Flex>().ok()?;
        if !Arc::ptr_eq(&now.data_arc(), &packed.weight.data_arc()) {
            return None;
        }
        let x = x.clone().into_dispatch();
        Some(Tensor::from_dispatch(<Dispatch as PackedConv>::packed_conv(x, Arc::clone(packed))))
    }
}
