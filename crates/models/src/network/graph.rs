//! The structure of a network as plain data: named operations in the order in which they can be computed.

/// The position of a node in [`Graph::nodes`]; inputs always come before the nodes that read them.
pub type NodeId = usize;
/// The position of a parameter in [`Graph::parameters`].
pub type ParameterId = usize;

/// What a node does with its inputs. Shapes are those of PyTorch: `(n, c, h, w)` maps, `(n, k)` vectors.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The picture, normalised.
    Input,
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
    /// `x W^T + b` with `W` of shape `(out, in)`.
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
    /// `max(x, 0)`.
    Relu,
    /// Maximum over windows; padding never wins.
    MaxPool2d {
        /// Window size.
        kernel: [usize; 2],
        /// Window step.
        stride: [usize; 2],
        /// Padding on both sides.
        padding: [usize; 2],
    },
    /// Mean over all positions of a map: `(n, c, h, w)` to `(n, c, 1, 1)`.
    GlobalAvgPool,
    /// All axes but the first become one.
    Flatten,
    /// Sum of two equal shapes.
    Add,
    /// Every `step`-th row and column, from the first.
    Subsample {
        /// The step.
        step: usize,
    },
    /// Zero channels before and after the given ones.
    PadChannels {
        /// New channels before.
        before: usize,
        /// New channels after.
        after: usize,
    },
}

impl Op {
    /// The operation's name without its settings.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Conv2d { .. } => "conv2d",
            Self::Linear { .. } => "linear",
            Self::BatchNorm2d { .. } => "batchnorm2d",
            Self::Relu => "relu",
            Self::MaxPool2d { .. } => "maxpool2d",
            Self::GlobalAvgPool => "globalavgpool",
            Self::Flatten => "flatten",
            Self::Add => "add",
            Self::Subsample { .. } => "subsample",
            Self::PadChannels { .. } => "padchannels",
        }
    }
}

/// One named operation.
#[derive(Clone, Debug)]
pub struct Node {
    /// The checkpoint's name for it, such as `layer4.2.conv3`.
    pub name: String,
    /// What it does.
    pub op: Op,
    /// The nodes it reads.
    pub inputs: Vec<NodeId>,
}

/// A tensor that a checkpoint must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The checkpoint's key.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// A network without its weights. Node 0 is the input, the last node the class scores.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Operations, inputs first.
    pub nodes: Vec<Node>,
    /// The tensors that the operations use.
    pub parameters: Vec<Parameter>,
}

impl Graph {
    /// The node of the picture.
    pub const INPUT: NodeId = 0;

    /// A graph that holds nothing but its input.
    pub fn new() -> Self {
        let mut graph = Self::default();
        graph.push("input", Op::Input, &[]);
        graph
    }

    /// Appends an operation and returns its node.
    pub fn push(&mut self, name: impl Into<String>, op: Op, inputs: &[NodeId]) -> NodeId {
        self.nodes.push(Node { name: name.into(), op, inputs: inputs.to_vec() });
        self.nodes.len() - 1
    }

    /// Declares a tensor of the checkpoint.
    pub fn parameter(&mut self, name: impl Into<String>, shape: &[usize]) -> ParameterId {
        self.parameters.push(Parameter { name: name.into(), shape: shape.to_vec() });
        self.parameters.len() - 1
    }

    /// The node of the class scores.
    pub fn output(&self) -> NodeId {
        self.nodes.len() - 1
    }

    /// The node of that name, or the last node inside the module of that name (`layer4` is the output of
    /// its last block).
    pub fn find(&self, name: &str) -> Option<NodeId> {
        let exact = self.nodes.iter().position(|node| node.name == name);
        exact.or_else(|| {
            let inside = |node: &Node| node.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            self.nodes.iter().rposition(inside)
        })
    }

    /// The nodes that read each node.
    pub fn consumers(&self) -> Vec<Vec<NodeId>> {
        let mut consumers = vec![Vec::new(); self.nodes.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            for &input in &node.inputs {
                consumers[input].push(id);
            }
        }
        consumers
    }

    /// All values that must be known to go on behind `node`: the node itself and whatever was computed
    /// before it and is read after it (a residual branch that passes by).
    pub fn cut(&self, node: NodeId) -> Vec<NodeId> {
        let consumers = self.consumers();
        (0..=node).filter(|&id| id == node || consumers[id].iter().any(|&reader| reader > node)).collect()
    }

    /// The nodes to compute for `fetches` when the values of `feeds` are given.
    pub fn needed(&self, feeds: &[NodeId], fetches: &[NodeId]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        for &fetch in fetches {
            needed[fetch] = true;
        }
        for id in (0..self.nodes.len()).rev() {
            if needed[id] && !feeds.contains(&id) {
                for &input in &self.nodes[id].inputs {
                    needed[input] = true;
                }
            }
        }
        needed
    }

    /// Shapes of all values for one input of `(channels, height, width)`, without the batch axis.
    pub fn shapes(&self, input: [usize; 3]) -> Vec<Vec<usize>> {
        let mut shapes: Vec<Vec<usize>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let first = node.inputs.first().map(|&id| shapes[id].clone());
            let shape = self.shape(&node.op, first.unwrap_or_else(|| input.to_vec()));
            shapes.push(shape);
        }
        shapes
    }

    fn shape(&self, op: &Op, x: Vec<usize>) -> Vec<usize> {
        let window = |size: usize, axis: usize, kernel: [usize; 2], stride: [usize; 2], pad: [usize; 2]| {
            (size + 2 * pad[axis]).saturating_sub(kernel[axis]) / stride[axis] + 1
        };
        match op {
            Op::Conv2d { weight, stride, padding, dilation, .. } => {
                let kernel = &self.parameters[*weight].shape;
                let reach = [dilation[0] * (kernel[2] - 1) + 1, dilation[1] * (kernel[3] - 1) + 1];
                let size = |axis| window(x[axis + 1], axis, reach, *stride, *padding);
                vec![kernel[0], size(0), size(1)]
            }
            Op::Linear { weight, .. } => vec![self.parameters[*weight].shape[0]],
            Op::MaxPool2d { kernel, stride, padding } => {
                let size = |axis| window(x[axis + 1], axis, *kernel, *stride, *padding);
                vec![x[0], size(0), size(1)]
            }
            Op::GlobalAvgPool => vec![x[0], 1, 1],
            Op::Flatten => vec![x.iter().product()],
            Op::Subsample { step } => vec![x[0], x[1].div_ceil(*step), x[2].div_ceil(*step)],
            Op::PadChannels { before, after } => vec![x[0] + before + after, x[1], x[2]],
            Op::Input | Op::BatchNorm2d { .. } | Op::Relu | Op::Add => x,
        }
    }

    /// The last node that gives a feature map with more than one position: the usual layer of a CAM.
    pub fn last_feature_map(&self, input: [usize; 3]) -> Option<NodeId> {
        let shapes = self.shapes(input);
        let spatial = |shape: &Vec<usize>| shape.len() == 3 && shape[1] * shape[2] > 1;
        shapes.iter().rposition(spatial).filter(|&id| id != Self::INPUT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// input -> a -> b, and add(b, a).
    fn residual() -> Graph {
        let mut graph = Graph::new();
        let a = graph.push("block.0.a", Op::Relu, &[Graph::INPUT]);
        let b = graph.push("block.0.b", Op::Relu, &[a]);
        let sum = graph.push("block.0.add", Op::Add, &[b, a]);
        graph.push("pool", Op::GlobalAvgPool, &[sum]);
        graph
    }

    #[test]
    fn a_module_name_means_its_last_node() {
        let graph = residual();
        assert_eq!(graph.find("block"), Some(3));
        assert_eq!(graph.find("block.0"), Some(3));
        assert_eq!(graph.find("block.0.a"), Some(1));
        assert_eq!(graph.find("bloc"), None);
    }

    #[test]
    fn a_cut_inside_a_block_carries_the_branch_that_passes_by() {
        let graph = residual();
        assert_eq!(graph.cut(2), [1, 2]);
        assert_eq!(graph.cut(3), [3]);
    }

    #[test]
    fn nothing_before_a_feed_is_needed() {
        let graph = residual();
        assert_eq!(graph.needed(&[1, 2], &[4]), [false, true, true, true, true]);
    }

    #[test]
    fn the_last_feature_map_is_before_the_pool() {
        assert_eq!(residual().last_feature_map([3, 8, 8]), Some(3));
    }
}
