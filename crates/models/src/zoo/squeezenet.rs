//! SqueezeNet (Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", 2016) with
//! torchvision's names. The classes are the channels of the last convolution.

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Graph, NodeId, Op, Pool};

/// A member of the family.
#[derive(Clone, Copy, Debug)]
pub struct SqueezeNet {
    /// The later form, with a smaller first convolution and earlier pooling.
    pub v1_1: bool,
    /// Channels between the convolutions of the first Fire module: 16. All others are multiples of it.
    pub width: usize,
}

/// What follows the first convolution: a maximum pool, or a Fire module of so many times the width.
type Layers = [Option<usize>; 11];

const POOL: Option<usize> = None;
const V1_0: Layers =
    [POOL, Some(1), Some(1), Some(2), POOL, Some(2), Some(3), Some(3), Some(4), POOL, Some(4)];
const V1_1: Layers =
    [POOL, Some(1), Some(1), POOL, Some(2), Some(2), POOL, Some(3), Some(3), Some(4), Some(4)];

/// `squeezenet1.0` and `squeezenet1.1`.
pub fn architectures() -> Vec<Architecture> {
    let member = |(name, v1_1)| {
        let family = SqueezeNet { v1_1, width: 16 };
        Architecture::imagenet(name, "classifier.1.weight", move |classes| family.graph(classes))
    };
    [("squeezenet1.0", false), ("squeezenet1.1", true)].into_iter().map(member).collect()
}

impl SqueezeNet {
    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder::new([3, 224, 224]);
        net.graph.feature_layer = Some("features".into());
        let (stem, kernel, layers) = if self.v1_1 { (4, 3, V1_1) } else { (6, 7, V1_0) };
        let mut channels = stem * self.width;
        let conv = Conv::new([3, channels], kernel, 2).padding(0).biased();
        let mut x = net.conv("features.0", Graph::INPUT, conv);
        x = net.graph.push("features.1", Op::Relu, &[x]);
        for (i, layer) in layers.into_iter().enumerate() {
            let name = format!("features.{}", i + 2);
            if let Some(times) = layer {
                x = fire(&mut net, &name, x, channels, times * self.width);
                channels = 8 * times * self.width;
            } else {
                let pool = Pool { ceil: true, ..Pool::square(3, 2, 0) };
                x = net.graph.push(name, Op::MaxPool2d(pool), &[x]);
            }
        }
        x = net.conv("classifier.1", x, Conv::new([channels, classes], 1, 1).biased());
        x = net.graph.push("classifier.2", Op::Relu, &[x]);
        x = net.graph.push("classifier.3", Op::global_avg_pool(), &[x]);
        net.graph.push("flatten", Op::Flatten, &[x]);
        net.graph
    }
}

/// A Fire module: few channels in the middle, then four times as many from 1x1 and as many from 3x3 windows.
fn fire(net: &mut Builder, name: &str, x: NodeId, from: usize, squeeze: usize) -> NodeId {
    let mut layer = |part: &str, x: NodeId, channels: [usize; 2], kernel: usize| {
        let x = net.conv(&format!("{name}.{part}"), x, Conv::new(channels, kernel, 1).biased());
        net.graph.push(format!("{name}.{part}_activation"), Op::Relu, &[x])
    };
    let x = layer("squeeze", x, [from, squeeze], 1);
    let one = layer("expand1x1", x, [squeeze, 4 * squeeze], 1);
    let three = layer("expand3x3", x, [squeeze, 4 * squeeze], 3);
    net.graph.push(format!("{name}.cat"), Op::Concat { axis: 1 }, &[one, three])
}
