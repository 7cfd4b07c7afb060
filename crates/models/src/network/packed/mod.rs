//! Operations on the CPU with weights packed once (`kernels`), and with what follows them done on the way.
//!
//! Only values get gradients here; a network whose weights are tracked uses burn's own operations.

mod chain;
mod conv;
mod kernel;
mod pool;

use std::sync::Arc;

use burn::backend::Flex;
use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;
use kernels::{After, Conv2d, Geometry, Level};

use super::graph::{NodeId, Op};
use super::value::Value;
use super::{Network, Weight};
use chain::Chain;
pub(super) use chain::Role;
use kernel::Kernel;

/// What was packed of a network.
#[derive(Debug, Default)]
pub struct Packed {
    /// By node.
    nodes: Vec<Option<PackedNode>>,
    chains: Vec<Chain>,
}

/// A packed operation and the tensor that it was packed from.
struct PackedNode {
    conv: Arc<Conv2d>,
    weight: FlexTensor,
}

impl std::fmt::Debug for PackedNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.conv.geometry().fmt(f)
    }
}

impl PackedNode {
    /// The shape of the result for an input.
    fn output(&self, x: &Value) -> Vec<usize> {
        let (shape, geometry) = (x.shape(), self.conv.geometry());
        let [rows, columns] = geometry.output([shape[2], shape[3]]);
        vec![shape[0], geometry.outputs, rows, columns]
    }
}

impl Network {
    /// Packs the weights of convolutions for the CPU and finds what can be done on the way. On other devices, or
    /// with other numbers than `f32`, nothing happens.
    #[must_use]
    pub fn pack(mut self) -> Self {
        kernels::keep_freed_memory();
        let nodes: Vec<_> = (0..self.graph().nodes.len()).map(|id| self.pack_node(id)).collect();
        let chains = chain::chains(self.graph(), |node| nodes[node].is_some());
        self.packed = Some(Arc::new(Packed { nodes, chains }));
        self
    }

    fn pack_node(&self, node: NodeId) -> Option<PackedNode> {
        let Op::Conv2d { weight, bias, stride, padding, dilation, groups } = self.graph().nodes[node].op
        else {
            return None;
        };
        let kernel = self.kernel(weight);
        let [outputs, inputs, rows, columns] = kernel.dims();
        let geometry = Geometry {
            inputs: inputs * groups,
            outputs,
            groups,
            kernel: [rows, columns],
            stride,
            padding,
            dilation,
        };
        let weight = plain(kernel)?.to_contiguous();
        let bias = bias.map(|id| self.vector(id).into_data().iter::<f32>().collect::<Vec<f32>>());
        let conv = Conv2d::new(Level::best(), geometry, weight.storage::<f32>(), bias.as_deref());
        Some(PackedNode { conv: Arc::new(conv), weight })
    }

    /// The packed operation of a node, if there is one and the weights are still the same.
    fn packed_node(&self, node: NodeId) -> Option<&PackedNode> {
        let packed = self.packed.as_ref()?.nodes[node].as_ref()?;
        let Op::Conv2d { weight, .. } = self.graph().nodes[node].op else { return None };
        let Weight::Kernel(weight) = &self.weights()[weight] else { return None };
        let now = plain(weight.val())?;
        Arc::ptr_eq(&now.data_arc(), &packed.weight.data_arc()).then_some(packed)
    }

    /// A node by a kernel, if this network was packed, there is a kernel for it, and it can work on these values.
    pub(super) fn apply_packed(&self, node: NodeId, inputs: &[Value]) -> Option<Value> {
        self.packed.as_ref()?;
        if !inputs.iter().all(kernel::fits) {
            return None;
        }
        let kernel: Arc<dyn Kernel> = match &self.graph().nodes[node].op {
            Op::Conv2d { .. } => {
                let conv = Arc::clone(&self.packed_node(node)?.conv);
                Arc::new(conv::Conv { conv, clip: After::NOTHING.clip })
            }
            Op::MaxPool2d(pool) => {
                let (pool, shape) = (pool::MaxPool(*pool), inputs[0].shape());
                pool.windows([shape[2], shape[3]])?;
                Arc::new(pool)
            }
            _ => return None,
        };
        Some(kernel::call(kernel, inputs.to_vec()))
    }
}

/// The tensor if it lies on the CPU, is not tracked and has `f32` numbers.
fn plain<const D: usize>(x: Tensor<D>) -> Option<FlexTensor> {
    x.try_into_primitive::<Flex>().ok().filter(|x| x.dtype() == DType::F32)
}
