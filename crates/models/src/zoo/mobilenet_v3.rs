//! MobileNetV3 (Howard et al., "Searching for MobileNetV3", 2019) with torchvision's names.

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Activation, Graph, NodeId, Op};

/// A member of the family.
#[derive(Clone, Debug)]
pub struct MobileNetV3 {
    /// Channels of the first convolution: 16.
    pub stem: usize,
    /// The blocks.
    pub rows: Vec<Row>,
    /// Numbers between the two matrices.
    pub hidden: usize,
}

/// A row of the paper's tables 1 and 2.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Window of the depthwise convolution.
    pub kernel: usize,
    /// Channels inside the block.
    pub expanded: usize,
    /// Channels of its result.
    pub channels: usize,
    /// Channels are weighted by what a small network finds in their means.
    pub squeeze: bool,
    /// Hard-swish instead of ReLU.
    pub swish: bool,
    /// Stride of the depthwise convolution.
    pub stride: usize,
}

impl Row {
    const fn new(
        kernel: usize,
        expanded: usize,
        channels: usize,
        squeeze: bool,
        swish: bool,
        stride: usize,
    ) -> Self {
        Self { kernel, expanded, channels, squeeze, swish, stride }
    }

    fn activation(&self) -> Op {
        if self.swish { Op::Activation(Activation::HardSwish) } else { Op::Relu }
    }
}

const LARGE: [Row; 15] = [
    Row::new(3, 16, 16, false, false, 1),
    Row::new(3, 64, 24, false, false, 2),
    Row::new(3, 72, 24, false, false, 1),
    Row::new(5, 72, 40, true, false, 2),
    Row::new(5, 120, 40, true, false, 1),
    Row::new(5, 120, 40, true, false, 1),
    Row::new(3, 240, 80, false, true, 2),
    Row::new(3, 200, 80, false, true, 1),
    Row::new(3, 184, 80, false, true, 1),
    Row::new(3, 184, 80, false, true, 1),
    Row::new(3, 480, 112, true, true, 1),
    Row::new(3, 672, 112, true, true, 1),
    Row::new(5, 672, 160, true, true, 2),
    Row::new(5, 960, 160, true, true, 1),
    Row::new(5, 960, 160, true, true, 1),
];

const SMALL: [Row; 11] = [
    Row::new(3, 16, 16, true, false, 2),
    Row::new(3, 72, 24, false, false, 2),
    Row::new(3, 88, 24, false, false, 1),
    Row::new(5, 96, 40, true, true, 2),
    Row::new(5, 240, 40, true, true, 1),
    Row::new(5, 240, 40, true, true, 1),
    Row::new(5, 120, 48, true, true, 1),
    Row::new(5, 144, 48, true, true, 1),
    Row::new(5, 288, 96, true, true, 2),
    Row::new(5, 576, 96, true, true, 1),
    Row::new(5, 576, 96, true, true, 1),
];

/// `mobilenet-v3-large` and `mobilenet-v3-small`.
pub fn architectures() -> Vec<Architecture> {
    let member = |(name, rows, hidden): (&str, Vec<Row>, usize)| {
        let family = MobileNetV3 { stem: 16, rows, hidden };
        Architecture::imagenet(name, "classifier.3.weight", move |classes| family.graph(classes))
    };
    let large = ("mobilenet-v3-large", LARGE.to_vec(), 1280);
    let small = ("mobilenet-v3-small", SMALL.to_vec(), 1024);
    [large, small].into_iter().map(member).collect()
}

impl MobileNetV3 {
    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let swish = || Op::Activation(Activation::HardSwish);
        let mut net = Builder { epsilon: 1e-3, ..Builder::new([3, 224, 224]) };
        let mut x = net.triple("features.0", Graph::INPUT, Conv::new([3, self.stem], 3, 2), swish());
        let mut channels = self.stem;
        for (i, row) in self.rows.iter().enumerate() {
            x = inverted_residual(&mut net, &format!("features.{}", i + 1), x, channels, row);
            channels = row.channels;
        }
        let last = format!("features.{}", self.rows.len() + 1);
        x = net.triple(&last, x, Conv::new([channels, 6 * channels], 1, 1), swish());
        x = net.pooled(x);
        x = net.linear("classifier.0", x, [6 * channels, self.hidden]);
        x = net.graph.push("classifier.1", swish(), &[x]);
        net.linear("classifier.3", x, [self.hidden, classes]);
        net.graph
    }
}

/// More channels, a filter for each of them, weights for them, few channels again; added to the input where both fit.
fn inverted_residual(net: &mut Builder, name: &str, x: NodeId, from: usize, row: &Row) -> NodeId {
    let mut part = 0;
    let mut next = || {
        part += 1;
        format!("{name}.block.{}", part - 1)
    };
    let mut y = x;
    if row.expanded != from {
        y = net.triple(&next(), y, Conv::new([from, row.expanded], 1, 1), row.activation());
    }
    let conv = Conv::depthwise(row.expanded, row.kernel, row.stride);
    y = net.triple(&next(), y, conv, row.activation());
    if row.squeeze {
        y = squeeze_excitation(net, &next(), y, row.expanded);
    }
    let path = next();
    let conv = Conv::new([row.expanded, row.channels], 1, 1);
    y = net.conv_norm(&format!("{path}.0"), &format!("{path}.1"), y, conv);
    let fits = row.stride == 1 && from == row.channels;
    if fits { net.graph.push(format!("{name}.add"), Op::Add, &[y, x]) } else { y }
}

/// Each channel times a number that two 1x1 convolutions make of all means (Hu et al. 2018).
fn squeeze_excitation(net: &mut Builder, name: &str, x: NodeId, channels: usize) -> NodeId {
    let few = eighths(channels / 4);
    let y = net.graph.push(format!("{name}.avgpool"), Op::global_avg_pool(), &[x]);
    let y = net.conv(&format!("{name}.fc1"), y, Conv::new([channels, few], 1, 1).biased());
    let y = net.graph.push(format!("{name}.activation"), Op::Relu, &[y]);
    let y = net.conv(&format!("{name}.fc2"), y, Conv::new([few, channels], 1, 1).biased());
    let gate = Op::Activation(Activation::HardSigmoid(1.0 / 6.0, 0.5));
    let y = net.graph.push(format!("{name}.scale_activation"), gate, &[y]);
    net.graph.push(format!("{name}.mul"), Op::Multiply, &[y, x])
}

/// The nearest multiple of eight, but not less than nine tenths.
fn eighths(channels: usize) -> usize {
    let near = ((channels + 4) / 8 * 8).max(8);
    if 10 * near < 9 * channels { near + 8 } else { near }
}
