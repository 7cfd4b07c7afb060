//! Operations on the CPU with weights packed once (`kernels`), and with what follows them done on the way.
//!
//! For explaining only values get gradients. Where weights are tracked, the kernels of `trained` give them theirs as well, and burn's
//! own operations where there is none.

mod attention;
mod chain;
mod convert;
mod held;
mod kernel;
mod layer;
mod pointwise;
mod pool;
mod rows;
mod scale;
mod strided;
mod trained;

use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use burn::backend::Flex;
use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;
use kernels::{Conv2d, Epilogue, Geometry, Layout, Level, Linear};

use super::Network;
use super::graph::{NodeId, Op, Pool};
use super::value::Value;
use chain::Chain;
pub(super) use chain::Role;
pub(super) use convert::{pack, unpack};
pub(super) use kernel::fits;
use kernel::{Kernel, Layouts, contiguous, numbers};
use layer::{Chained, Layer};
use pointwise::Pointwise;
use pool::{GlobalMean, Pooling};
use rows::{Norm, Softmax};
use scale::{Affine, Scale};

/// Who computes on the CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Our kernels with the best instructions of the processor.
    #[default]
    Best,
    /// Our kernels with these instructions.
    Kernels(Level),
    /// burn's own operations.
    Stock,
}

impl FromStr for Engine {
    type Err = String;

    /// `best`, `stock`, or the name of instructions that this processor has.
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "best" => Ok(Self::Best),
            "stock" => Ok(Self::Stock),
            _ => Level::named(name).map(Self::Kernels).ok_or_else(|| {
                let levels: Vec<&str> = Level::all().into_iter().map(Level::name).collect();
                format!("best, stock or, on this processor, {} is needed", levels.join(", "))
            }),
        }
    }
}

impl Display for Engine {
    /// `stock`, or the instructions that compute.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Best => out.write_str(Level::best().name()),
            Self::Kernels(level) => out.write_str(level.name()),
            Self::Stock => out.write_str("stock"),
        }
    }
}

/// What was packed of a network.
#[derive(Debug)]
pub struct Packed {
    level: Level,
    /// By node.
    nodes: Vec<Option<PackedNode>>,
    chains: Vec<Chain>,
}

/// A packed layer and the tensor that it was packed from.
struct PackedNode {
    layer: Arc<Layer>,
    weight: FlexTensor,
}

impl std::fmt::Debug for PackedNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackedNode").field("weight", &self.weight).finish_non_exhaustive()
    }
}

/// The numbers of a weight, which the packed layer and the network share.
struct Shared(FlexTensor);

impl AsRef<[f32]> for Shared {
    fn as_ref(&self) -> &[f32] {
        numbers(&self.0)
    }
}

impl Network {
    /// Packs the weights of convolutions and linear layers for the CPU and finds what can be done on the way. On other devices, or
    /// with other numbers than `f32`, nothing happens.
    #[must_use]
    pub fn pack(self) -> Self {
        self.pack_for(Engine::Best)
    }

    /// [`Network::pack`], or not.
    #[must_use]
    pub fn pack_for(mut self, engine: Engine) -> Self {
        self.packed = None;
        let level = match engine {
            Engine::Best => Level::best(),
            Engine::Kernels(level) => level,
            Engine::Stock => return self,
        };
        kernels::keep_freed_memory();
        self.pack_layers(level, |_| true)
    }

    /// Packs some layers as another network's are, if they are.
    #[must_use]
    pub fn pack_like(self, other: &Self, layers: &[NodeId]) -> Self {
        let level = other.packed.as_ref().map(|packed| packed.level);
        match level {
            Some(level) => self.pack_layers(level, |node| layers.contains(&node)),
            None => self,
        }
    }

    fn pack_layers(mut self, level: Level, chosen: impl Fn(NodeId) -> bool) -> Self {
        let pack = |id| if chosen(id) { self.pack_node(level, id) } else { None };
        let nodes: Vec<_> = (0..self.graph().nodes.len()).map(pack).collect();
        let chains = chain::chains(self.graph(), level, |node| nodes[node].is_some());
        self.packed = Some(Arc::new(Packed { level, nodes, chains }));
        self
    }

    /// Whether weights are packed.
    pub fn is_packed(&self) -> bool {
        self.packed.is_some()
    }

    fn pack_node(&self, level: Level, node: NodeId) -> Option<PackedNode> {
        let vector = |id| Some(self.vector(id).into_data().iter::<f32>().collect::<Vec<f32>>());
        match self.graph().nodes[node].op {
            Op::Conv2d { weight, bias, stride, padding, dilation, groups } => {
                let [outputs, inputs, rows, columns] = self.kernel(weight).dims();
                let (inputs, kernel) = (inputs * groups, [rows, columns]);
                let geometry = Geometry { inputs, outputs, groups, kernel, stride, padding, dilation };
                let weight = contiguous(plain(self.kernel(weight))?);
                let shared = Arc::new(Shared(weight.clone()));
                let conv = Conv2d::new(level, geometry, shared, bias.and_then(vector).as_deref());
                Some(PackedNode { layer: Arc::new(Layer::Conv(conv)), weight })
            }
            Op::Linear { weight, bias } => {
                let size = self.matrix(weight).dims();
                let weight = contiguous(plain(self.matrix(weight))?);
                let shared = Arc::new(Shared(weight.clone()));
                let linear = Linear::new(level, size, shared, bias.and_then(vector).as_deref());
                Some(PackedNode { layer: Arc::new(Layer::Linear(linear)), weight })
            }
            _ => None,
        }
    }

    /// The packed layer of a node, if there is one and the weights are still the same. An optimiser or burn's `Module` may have
    /// replaced a weight since; then the tensor lies elsewhere, and burn's own operation is used until somebody packs again.
    fn packed_node(&self, node: NodeId) -> Option<&PackedNode> {
        let packed = self.packed.as_ref()?.nodes[node].as_ref()?;
        let now = match self.graph().nodes[node].op {
            Op::Conv2d { weight, .. } => plain(self.kernel(weight)),
            Op::Linear { weight, .. } => plain(self.matrix(weight)),
            _ => None,
        };
        Arc::ptr_eq(&now?.data_arc(), &packed.weight.data_arc()).then_some(packed)
    }

    /// The kernel of a node and how it takes values, if this network was packed, there is one, and it can work on these values.
    fn kernel_of(&self, node: NodeId, inputs: &[Value]) -> Option<(Arc<dyn Kernel>, Layouts)> {
        let level = self.packed.as_ref()?.level;
        if !inputs.iter().all(fits) {
            return None;
        }
        let op = &self.graph().nodes[node].op;
        match op {
            Op::Conv2d { .. } | Op::Linear { .. } => {
                let layer = Arc::clone(&self.packed_node(node)?.layer);
                let layouts = layer.layouts();
                Some((Arc::new(Chained { level, layer, clip: Epilogue::NOTHING.clip, end: None }), layouts))
            }
            Op::MaxPool2d(pool) => self.pooling(pool, None, &inputs[0]),
            Op::AvgPool2d { pool, count_padding } => self.pooling(pool, Some(*count_padding), &inputs[0]),
            Op::Mean { axes, keep } if *axes == [2, 3] => global_mean(level, *keep, &inputs[0]),
            Op::AdaptiveAvgPool2d { output: [1, 1] } => global_mean(level, true, &inputs[0]),
            Op::Multiply => scale(level, inputs),
            Op::BatchNorm2d { weight, bias, mean, variance, epsilon } => {
                let vectors = [weight, bias, mean, variance].map(|id| plain(self.vector(*id)));
                let [weight, bias, mean, variance] = &vectors.map(|vector| vector.map(contiguous));
                let [weight, bias] = [numbers(weight.as_ref()?), numbers(bias.as_ref()?)];
                let [mean, variance] = [numbers(mean.as_ref()?), numbers(variance.as_ref()?)];
                let scale = |c: usize| weight[c] / (variance[c] + *epsilon as f32).sqrt();
                let scales: Vec<f32> = (0..weight.len()).map(scale).collect();
                let shifts = (0..bias.len()).map(|c| bias[c] - mean[c] * scales[c]).collect();
                let layouts = Layouts::Maps(Layout::Blocked, weight.len());
                Some((Arc::new(Affine { level, scales, shifts }), layouts))
            }
            Op::Softmax { axis } if axis + 1 == inputs[0].rank() => {
                Some((Arc::new(Softmax { level }), Layouts::Plain))
            }
            Op::LayerNorm { weight, bias, epsilon } => {
                let (scale, shift) = (plain(self.vector(*weight))?, plain(self.vector(*bias))?);
                let norm = Norm { level, scale, shift, epsilon: *epsilon as f32 };
                Some((Arc::new(norm), Layouts::Plain))
            }
            _ => {
                let function = pointwise::function(op)?;
                Some((Arc::new(Pointwise { level, function }), Layouts::Any))
            }
        }
    }

    fn pooling(&self, pool: &Pool, mean: Option<bool>, x: &Value) -> Option<(Arc<dyn Kernel>, Layouts)> {
        let (level, shape) = (self.packed.as_ref()?.level, x.shape());
        let windows = pool::windows(pool, [shape[2], shape[3]])?;
        Some((Arc::new(Pooling { level, windows, mean }), Layouts::Maps(Layout::Blocked, shape[1])))
    }

    /// The value of a node by its kernel; the inputs where there is none.
    pub(super) fn apply_packed(&self, node: NodeId, mut inputs: Vec<Value>) -> Result<Value, Vec<Value>> {
        if self.graph().nodes[node].op == Op::Multiply && matches!(inputs[0].shape()[..], [_, _, 1, 1]) {
            // A product has no order, and its kernel has the maps first.
            inputs.swap(0, 1);
        }
        if let Some((kernel, layouts, weights)) = self.trained_kernel(node, &inputs) {
            inputs.extend(weights);
            return Ok(kernel::call(kernel, layouts, inputs));
        }
        match self.kernel_of(node, &inputs) {
            Some((kernel, layouts)) => Ok(kernel::call(kernel, layouts, inputs)),
            None => Err(inputs),
        }
    }
}

/// Maps times numbers of their channels.
fn scale(level: Level, inputs: &[Value]) -> Option<(Arc<dyn Kernel>, Layouts)> {
    let (&[n, channels, ..], &[m, c, 1, 1]) = (&inputs[0].shape()[..], &inputs[1].shape()[..]) else {
        return None;
    };
    let fits = inputs[0].layout() == Layout::Blocked && [m, c] == [n, channels];
    fits.then(|| {
        let scale: Arc<dyn Kernel> = Arc::new(Scale { level, channels });
        (scale, Layouts::Channels(Layout::Blocked, channels))
    })
}

fn global_mean(level: Level, keep: bool, x: &Value) -> Option<(Arc<dyn Kernel>, Layouts)> {
    let &[_, channels, ..] = &x.shape()[..] else { return None };
    (x.rank() == 4).then(|| {
        let mean: Arc<dyn Kernel> = Arc::new(GlobalMean { level, channels, keep });
        (mean, Layouts::FromMaps)
    })
}

/// The tensor if it lies on the CPU, is not tracked and has `f32` numbers.
fn plain<const D: usize>(x: Tensor<D>) -> Option<FlexTensor> {
    x.try_into_primitive::<Flex>().ok().filter(|x| x.dtype() == DType::F32)
}
