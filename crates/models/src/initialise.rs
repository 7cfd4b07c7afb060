//! First weights, by what each tensor is to the network: those that training begins with, and those that a randomisation test puts
//! in the place of trained ones.
//!
//! | tensor | first values |
//! |---|---|
//! | kernel of a convolution | `N(0, 2 / fan_out)`, the fan-out of one group (He et al., "Delving Deep into Rectifiers", 2015) |
//! | matrix, of a linear layer or a product | `N(0, 1 / fan_in)` |
//! | tokens, position embeddings | `N(0, 0.02^2)` |
//! | scales, running variances | 1 |
//! | biases, shifts, running means | 0 |
//! | slopes of a parametric ReLU | 1/4 |

use burn::tensor::{Device, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::network::graph::{Graph, NodeId, Op, ParameterId};
use crate::network::{Network, Weight};

/// The slope of PyTorch's `PReLU`.
const SLOPE: f32 = 0.25;

/// A network with first weights. Each tensor has a generator of its own, keyed by the seed and its name: equal shapes do not mean equal
/// weights, and what one tensor gets does not depend on which others are drawn.
pub fn initialise(graph: Graph, seed: u64, device: &Device) -> Network {
    let first = First::of(&graph);
    let weight = |id: ParameterId| {
        let shape = graph.parameters[id].shape.clone();
        // Numbers that are no weights have no first value; a builder of graphs for training makes none.
        let numbers =
            first[id].numbers(&graph, id, seed).unwrap_or_else(|| vec![0.0; shape.iter().product()]);
        Weight::new(TensorData::new(numbers, shape), device)
    };
    let weights = (0..graph.parameters.len()).map(weight).collect();
    Network::new(graph, weights)
}

/// How a tensor begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum First {
    /// Drawn from a normal distribution of this deviation.
    Normal(f32),
    /// The same number everywhere.
    Equal(f32),
    /// As it is: numbers that are no weights.
    Fixed,
}

/// What tokens and position embeddings begin with.
pub(crate) const EMBEDDING: First = First::Normal(0.02);

impl First {
    /// Of each parameter of a graph, by the first operation that reads it.
    pub(crate) fn of(graph: &Graph) -> Vec<Self> {
        let mut first = vec![None; graph.parameters.len()];
        let constants = Constants::new(graph);
        for (id, node) in graph.nodes.iter().enumerate() {
            for (parameter, kind) in kinds(graph, id, &node.op, &constants) {
                first[parameter].get_or_insert(kind);
            }
        }
        first.into_iter().map(|kind| kind.unwrap_or(Self::Fixed)).collect()
    }

    /// The first values of a parameter, if it has any.
    pub(crate) fn numbers(self, graph: &Graph, id: ParameterId, seed: u64) -> Option<Vec<f32>> {
        let parameter = &graph.parameters[id];
        let count = parameter.shape.iter().product();
        match self {
            Self::Normal(deviation) => {
                let random = stats::random::generator(seed, &["initialise", &parameter.name], 0);
                Some(random.sample_iter(StandardNormal).take(count).map(|z: f32| z * deviation).collect())
            }
            Self::Equal(value) => Some(vec![value; count]),
            Self::Fixed => None,
        }
    }
}

/// The parameters that an operation reads.
fn kinds(graph: &Graph, id: NodeId, op: &Op, constants: &Constants<'_>) -> Vec<(ParameterId, First)> {
    let (zero, one) = (First::Equal(0.0), First::Equal(1.0));
    let shape = |id: ParameterId| &graph.parameters[id].shape[..];
    match *op {
        Op::Conv2d { weight, bias, groups, .. } => {
            let &[out, _, h, w] = shape(weight) else { return Vec::new() };
            let kernel = First::Normal((2.0 / (out / groups.max(1) * h * w) as f32).sqrt());
            std::iter::once((weight, kernel)).chain(bias.map(|bias| (bias, zero))).collect()
        }
        Op::Linear { weight, bias } => {
            let matrix = normal_of(shape(weight).last());
            std::iter::once((weight, matrix)).chain(bias.map(|bias| (bias, zero))).collect()
        }
        Op::BatchNorm2d { weight, bias, mean, variance, .. } => {
            vec![(weight, one), (bias, zero), (mean, zero), (variance, one)]
        }
        Op::LayerNorm { weight, bias, .. } => vec![(weight, one), (bias, zero)],
        Op::Constant { parameter } => vec![(parameter, constants.kind(id, shape(parameter)))],
        _ => Vec::new(),
    }
}

/// The deviation of a matrix with so many inputs.
fn normal_of(fan_in: Option<&usize>) -> First {
    First::Normal((1.0 / fan_in.copied().unwrap_or(1).max(1) as f32).sqrt())
}

/// What stored tensors are, by who reads them.
pub(crate) struct Constants<'a> {
    graph: &'a Graph,
    consumers: Vec<Vec<NodeId>>,
    varies: Vec<bool>,
    /// What depends on a layer: before the first one a constant belongs to the preparation of the image.
    behind: Vec<bool>,
}

impl<'a> Constants<'a> {
    pub(crate) fn new(graph: &'a Graph) -> Self {
        let is_layer = |op: &Op| matches!(op, Op::Conv2d { .. } | Op::Linear { .. });
        let layers: Vec<NodeId> =
            (0..graph.nodes.len()).filter(|&id| is_layer(&graph.nodes[id].op)).collect();
        let (consumers, varies) = (graph.consumers(), graph.varies());
        Self { graph, consumers, varies, behind: graph.depends_on(&layers) }
    }

    /// The operation that joins a constant to what comes of the image, and the constant or what it is reshaped to there.
    fn reader(&self, mut constant: NodeId) -> Option<(NodeId, NodeId)> {
        loop {
            let &reader = self.consumers[constant].first()?;
            if self.varies[reader] {
                return Some((reader, constant));
            }
            constant = reader;
        }
    }

    /// Whether a node's value depends on the image.
    pub(crate) fn varies(&self, node: NodeId) -> bool {
        self.varies[node]
    }

    /// The constant that a node is, or was before it was reshaped.
    pub(crate) fn stored(&self, mut node: NodeId) -> Option<NodeId> {
        loop {
            let found = &self.graph.nodes[node];
            if matches!(found.op, Op::Constant { .. }) {
                return Some(node);
            }
            node = *found.inputs.first()?;
        }
    }

    fn kind(&self, constant: NodeId, shape: &[usize]) -> First {
        let Some((reader, operand)) = self.reader(constant) else { return First::Fixed };
        let node = &self.graph.nodes[reader];
        let others = || node.inputs.iter().filter(|&&input| self.varies[input]);
        if !others().any(|&other| self.behind[other]) {
            return First::Fixed;
        }
        match node.op {
            Op::Add if is_vector(shape) => First::Equal(0.0),
            Op::Add | Op::Concat { .. } => EMBEDDING,
            Op::Multiply if others().any(|&other| self.graph.nodes[other].op == Op::Relu) => {
                First::Equal(SLOPE)
            }
            Op::Multiply => First::Equal(1.0),
            Op::MatMul if node.inputs[0] == operand => normal_of(shape.last()),
            Op::MatMul => normal_of(shape.iter().rev().nth(1)),
            _ => First::Fixed,
        }
    }
}

/// Whether at most one axis is longer than 1: a number for each channel, not for each position.
pub(crate) fn is_vector(shape: &[usize]) -> bool {
    shape.iter().filter(|&&length| length > 1).count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;
    use crate::zoo::cifar_resnet::CifarResNet;
    use crate::zoo::convnext::ConvNeXt;
    use crate::zoo::vit::ViT;

    fn numbers(network: &Network, name: &str) -> Vec<f32> {
        let at = network.graph().parameters.iter().position(|parameter| parameter.name == name).unwrap();
        network.weights()[at].data().try_into_vec::<f32>().unwrap()
    }

    fn network(graph: Graph) -> Network {
        initialise(graph, 0, &device::cpu().device)
    }

    /// Where a randomisation test seeds every layer alike, as Quantus does, layers of one shape get the same weights; Xplique draws
    /// variances of BatchNorm like any weights.
    #[test]
    fn layers_of_one_shape_have_weights_of_their_own() {
        let network = network(CifarResNet { blocks: 2, width: 4, stem_stride: 1 }.graph(2));
        let parameters = &network.graph().parameters;
        let values = |at: usize| numbers(&network, &parameters[at].name);
        let kernels: Vec<usize> =
            (0..parameters.len()).filter(|&at| parameters[at].shape.len() == 4).collect();
        let pairs = kernels.iter().flat_map(|&a| kernels.iter().map(move |&b| (a, b)));
        let equal: Vec<(usize, usize)> =
            pairs.filter(|(a, b)| a < b && parameters[*a].shape == parameters[*b].shape).collect();
        assert!(equal.len() > 3 && equal.iter().all(|&(a, b)| values(a) != values(b)));
        for parameter in parameters.iter().filter(|parameter| parameter.name.ends_with("running_var")) {
            assert!(numbers(&network, &parameter.name).iter().all(|&variance| variance == 1.0));
        }
    }

    /// The testbed's recipes begin with these numbers.
    #[test]
    fn first_weights_stay_what_they_are() {
        let network = network(ViT { side: 32, patch: 4, ..ViT::new(24, 2, 3) }.graph(10));
        let found = FIRST.iter().map(|(name, _)| numbers(&network, name)[..2].to_vec());
        assert_eq!(
            found.collect::<Vec<_>>(),
            FIRST.iter().map(|(_, first)| first.to_vec()).collect::<Vec<_>>()
        );
        for (name, value) in [("blocks.1.norm1.weight", 1.0), ("norm.bias", 0.0), ("head.bias", 0.0)] {
            assert!(numbers(&network, name).iter().all(|&x| x == value), "{name}");
        }
    }

    const FIRST: &[(&str, [f32; 2])] = &[
        ("patch_embed.proj.weight", [-0.160_184_35, -0.030_358_743]),
        ("blocks.0.attn.qkv.weight", [-0.104_508_92, -0.081_666_3]),
        ("cls_token", [-0.026_522_437, 0.022_502_065]),
        ("pos_embed", [0.006_582_544, -0.007_767_441_7]),
    ];

    #[test]
    fn deviations_are_those_of_the_kind_of_tensor() {
        let deviation = |values: &[f32]| {
            (values.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / values.len() as f64).sqrt()
        };
        let convnext = network(ConvNeXt { depths: [1; 4], dims: [32, 64, 64, 64] }.graph(10));
        // Depthwise kernels of 7 x 7 have one output channel each; of 6,272 normal numbers the deviation is known to 1 %.
        for (name, expected) in [
            ("stages.1.downsample.1.weight", (2.0_f64 / (64.0 * 4.0)).sqrt()),
            ("stages.3.blocks.0.conv_dw.weight", (2.0_f64 / 49.0).sqrt()),
            ("stages.3.blocks.0.mlp.fc1.weight", (1.0_f64 / 64.0).sqrt()),
        ] {
            let found = deviation(&numbers(&convnext, name));
            assert!((found / expected - 1.0).abs() < 0.06, "{name}: {found}, {expected}");
        }
    }

    /// Constants of all kinds beside a convolution.
    #[test]
    fn constants_are_told_apart_by_their_readers() {
        let mut graph = Graph::new([3, 4, 4]);
        let constant = |graph: &mut Graph, name: &str, shape: &[usize]| {
            let parameter = graph.parameter(name, shape);
            graph.push(name, Op::Constant { parameter }, &[])
        };
        let mean = constant(&mut graph, "mean", &[1, 3, 1, 1]);
        let x = graph.push("subtract", Op::Subtract, &[Graph::INPUT, mean]);
        let std = constant(&mut graph, "std", &[1, 3, 1, 1]);
        let x = graph.push("scale", Op::Multiply, &[x, std]);
        let weight = graph.parameter("conv.weight", &[2, 3, 1, 1]);
        let (stride, padding, dilation) = ([1; 2], [0; 2], [1; 2]);
        let conv = Op::Conv2d { weight, bias: None, stride, padding, dilation, groups: 1 };
        let mut x = graph.push("conv", conv, &[x]);
        for (name, op, shape) in [
            ("gamma", Op::Multiply, [1, 2, 1, 1]),
            ("bias", Op::Add, [1, 2, 1, 1]),
            ("positions", Op::Add, [1, 2, 4, 4]),
            ("divisor", Op::Divide, [1, 2, 1, 1]),
        ] {
            let constant = constant(&mut graph, name, &shape);
            x = graph.push(format!("{name}.op"), op, &[x, constant]);
        }
        let relu = graph.push("relu", Op::Relu, &[x]);
        let slope = constant(&mut graph, "slope", &[1, 2, 1, 1]);
        let x = graph.push("slope.op", Op::Multiply, &[relu, slope]);
        let left = constant(&mut graph, "left", &[9, 4]);
        let x = graph.push("left.op", Op::MatMul, &[left, x]);
        let right = constant(&mut graph, "right", &[4, 16]);
        graph.push("right.op", Op::MatMul, &[x, right]);
        let kinds = First::of(&graph);
        let kind = |name: &str| kinds[graph.parameters.iter().position(|p| p.name == name).unwrap()];
        for (name, expected) in [
            ("mean", First::Fixed),
            ("std", First::Fixed),
            ("conv.weight", First::Normal(1.0)),
            ("gamma", First::Equal(1.0)),
            ("bias", First::Equal(0.0)),
            ("positions", EMBEDDING),
            ("divisor", First::Fixed),
            ("slope", First::Equal(0.25)),
            ("left", First::Normal(0.5)),
            ("right", First::Normal(0.5)),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }
}
