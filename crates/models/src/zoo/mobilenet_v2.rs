//! MobileNetV2 (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018) with torchvision's
//! names.

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Activation, Graph, NodeId, Op};

/// A member of the family.
#[derive(Clone, Debug)]
pub struct MobileNetV2 {
    /// Channels of the first convolution: 32.
    pub stem: usize,
    /// The rows `t, c, n, s` of the paper's table 2: expansion, channels, blocks, stride of the first block.
    pub stages: Vec<[usize; 4]>,
    /// Channels of the last convolution: 1280.
    pub head: usize,
}

const STAGES: [[usize; 4]; 7] = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
];

/// `mobilenet-v2`.
pub fn architectures() -> Vec<Architecture> {
    let family = MobileNetV2 { stem: 32, stages: STAGES.to_vec(), head: 1280 };
    vec![Architecture {
        weights: "torchvision; make weights",
        ..Architecture::imagenet("mobilenet-v2", "classifier.1.weight", move |classes| family.graph(classes))
    }]
}

fn relu6() -> Op {
    Op::Activation(Activation::Clip(0.0, 6.0))
}

impl MobileNetV2 {
    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder::new([3, 224, 224]);
        let mut x = net.triple("features.0", Graph::INPUT, Conv::new([3, self.stem], 3, 2), relu6());
        let (mut place, mut from) = (1, self.stem);
        for &[expand, to, blocks, stride] in &self.stages {
            for block in 0..blocks {
                let stride = if block == 0 { stride } else { 1 };
                x = inverted_residual(&mut net, &format!("features.{place}"), x, [from, to], expand, stride);
                from = to;
                place += 1;
            }
        }
        let last = format!("features.{place}");
        x = net.triple(&last, x, Conv::new([from, self.head], 1, 1), relu6());
        x = net.pooled(x);
        net.linear("classifier.1", x, [self.head, classes]);
        net.graph
    }
}

/// More channels, a filter for each of them, few channels again; added to the input where both fit.
fn inverted_residual(
    net: &mut Builder,
    name: &str,
    x: NodeId,
    [from, to]: [usize; 2],
    expand: usize,
    stride: usize,
) -> NodeId {
    let inner = from * expand;
    let mut part = 0;
    let mut y = x;
    if expand != 1 {
        y = net.triple(&format!("{name}.conv.0"), y, Conv::new([from, inner], 1, 1), relu6());
        part = 1;
    }
    y = net.triple(&format!("{name}.conv.{part}"), y, Conv::depthwise(inner, 3, stride), relu6());
    let (conv, norm) = (format!("{name}.conv.{}", part + 1), format!("{name}.conv.{}", part + 2));
    y = net.conv_norm(&conv, &norm, y, Conv::new([inner, to], 1, 1));
    if stride == 1 && from == to { net.graph.push(format!("{name}.add"), Op::Add, &[x, y]) } else { y }
}
