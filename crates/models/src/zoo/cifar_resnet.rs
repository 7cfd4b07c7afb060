//! The small ResNets for 32 x 32 images (He et al. 2015, section 4.2): three stages of 16, 32 and 64
//! channels, `6 n + 2` layers, and shortcuts without parameters (option A: every second pixel, zero
//! channels on both sides).

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Graph, NodeId, Op};

/// A member of the family.
#[derive(Clone, Copy, Debug)]
pub struct CifarResNet {
    /// Blocks in each of the three stages.
    pub blocks: usize,
    /// Channels of the first stage; doubled at each stage.
    pub width: usize,
    /// Stride of the first convolution: 1 for 32 x 32 images, 2 for 64 x 64.
    pub stem_stride: usize,
}

/// ResNet-20 to 110.
pub fn architectures() -> Vec<Architecture> {
    let member = |depth: usize| {
        let family = CifarResNet { blocks: (depth - 2) / 6, width: 16, stem_stride: 1 };
        let name = format!("cifar-resnet{depth}");
        let build = move |classes| family.graph(classes);
        Architecture {
            input: [3, 32, 32],
            preprocess: "imagenet-keep",
            weights: "pytorch_resnet_cifar10, or your own",
            ..Architecture::imagenet(name, "linear.weight", build)
        }
    };
    [20, 32, 44, 56, 110].into_iter().map(member).collect()
}

impl CifarResNet {
    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder::new([3, 32 * self.stem_stride, 32 * self.stem_stride]);
        let mut x =
            net.conv_norm("conv1", "bn1", Graph::INPUT, Conv::new([3, self.width], 3, self.stem_stride));
        x = net.graph.push("relu", Op::Relu, &[x]);
        let mut channels = self.width;
        for stage in 0..3 {
            let width = self.width << stage;
            for block in 0..self.blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                x = residual(&mut net, &format!("layer{}.{block}", stage + 1), x, [channels, width], stride);
                channels = width;
            }
        }
        x = net.pooled(x);
        net.linear("linear", x, [channels, classes]);
        net.graph
    }
}

fn residual(net: &mut Builder, name: &str, x: NodeId, [from, to]: [usize; 2], stride: usize) -> NodeId {
    let y = net.numbered_relu(name, 1, x, Conv::new([from, to], 3, stride));
    let y = net.numbered(name, 2, y, Conv::new([to, to], 3, 1));
    let mut shortcut = x;
    if stride != 1 {
        for (axis, name_of_axis) in [(2, "rows"), (3, "columns")] {
            let name = format!("{name}.shortcut.{name_of_axis}");
            shortcut = net.graph.push(name, Op::every(axis, stride), &[shortcut]);
        }
    }
    if from != to {
        let side = (to - from) / 2;
        let pad = Op::Pad { sides: vec![(side, side), (0, 0), (0, 0)], value: 0.0 };
        shortcut = net.graph.push(format!("{name}.shortcut.pad"), pad, &[shortcut]);
    }
    let sum = net.graph.push(format!("{name}.add"), Op::Add, &[y, shortcut]);
    net.graph.push(format!("{name}.relu"), Op::Relu, &[sum])
}
