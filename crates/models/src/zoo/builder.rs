//! Layers with PyTorch's parameter names, for all families.

use crate::network::graph::{Graph, NodeId, Op};

/// A graph in the making.
pub(super) struct Builder {
    /// What has been built.
    pub(super) graph: Graph,
    /// What BatchNorm adds to the variance; PyTorch's default is 1e-5.
    pub(super) epsilon: f64,
}

/// The settings of a square convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conv {
    channels: [usize; 2],
    pub(super) kernel: usize,
    pub(super) stride: usize,
    padding: usize,
    groups: usize,
    bias: bool,
}

impl Conv {
    /// From so many channels to so many, padded by half the kernel, in one group and without bias.
    pub(super) fn new(channels: [usize; 2], kernel: usize, stride: usize) -> Self {
        Self { channels, kernel, stride, padding: kernel / 2, groups: 1, bias: false }
    }

    /// One filter for each channel alone.
    pub(super) fn depthwise(channels: usize, kernel: usize, stride: usize) -> Self {
        Self { groups: channels, ..Self::new([channels; 2], kernel, stride) }
    }

    /// Zeros on each side.
    pub(super) fn padding(self, padding: usize) -> Self {
        Self { padding, ..self }
    }

    /// With a number to add for each output channel.
    pub(super) fn biased(self) -> Self {
        Self { bias: true, ..self }
    }
}

impl Builder {
    /// A graph that holds its input, usually of these channels, height and width.
    pub(super) fn new(input: [usize; 3]) -> Self {
        Self { graph: Graph::new(input), epsilon: 1e-5 }
    }

    /// A convolution.
    pub(super) fn conv(&mut self, name: &str, x: NodeId, conv: Conv) -> NodeId {
        let [from, to] = conv.channels;
        let shape = [to, from / conv.groups, conv.kernel, conv.kernel];
        let weight = self.graph.parameter(format!("{name}.weight"), &shape);
        let bias = conv.bias.then(|| self.graph.parameter(format!("{name}.bias"), &[to]));
        let op = Op::Conv2d {
            weight,
            bias,
            stride: [conv.stride; 2],
            padding: [conv.padding; 2],
            dilation: [1; 2],
            groups: conv.groups,
        };
        self.graph.push(name, op, &[x])
    }

    /// A BatchNorm of so many channels.
    pub(super) fn norm(&mut self, name: &str, x: NodeId, channels: usize) -> NodeId {
        let mut vector = |part: &str| self.graph.parameter(format!("{name}.{part}"), &[channels]);
        let op = Op::BatchNorm2d {
            weight: vector("weight"),
            bias: vector("bias"),
            mean: vector("running_mean"),
            variance: vector("running_var"),
            epsilon: self.epsilon,
        };
        self.graph.push(name, op, &[x])
    }

    /// A convolution and its BatchNorm.
    pub(super) fn conv_norm(&mut self, name: &str, norm: &str, x: NodeId, conv: Conv) -> NodeId {
        let x = self.conv(name, x, conv);
        self.norm(norm, x, conv.channels[1])
    }

    /// torchvision's triple of a convolution `.0`, its BatchNorm `.1` and an activation `.2`.
    pub(super) fn triple(&mut self, path: &str, x: NodeId, conv: Conv, activation: Op) -> NodeId {
        let x = self.conv_norm(&format!("{path}.0"), &format!("{path}.1"), x, conv);
        self.graph.push(format!("{path}.2"), activation, &[x])
    }

    /// A linear layer with bias.
    pub(super) fn linear(&mut self, name: &str, x: NodeId, [from, to]: [usize; 2]) -> NodeId {
        let weight = self.graph.parameter(format!("{name}.weight"), &[to, from]);
        let bias = Some(self.graph.parameter(format!("{name}.bias"), &[to]));
        self.graph.push(name, Op::Linear { weight, bias }, &[x])
    }

    /// The mean over all positions as a vector.
    pub(super) fn pooled(&mut self, x: NodeId) -> NodeId {
        let x = self.graph.push("avgpool", Op::global_avg_pool(), &[x]);
        self.graph.push("flatten", Op::Flatten, &[x])
    }
}
