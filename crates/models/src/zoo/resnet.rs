//! ResNet (He et al., "Deep Residual Learning for Image Recognition", 2015) with torchvision's names.
//!
//! `resnet50` and its siblings are v1.5: the stride sits in the 3x3 convolution of a bottleneck.
//! `resnet50-v1` and its siblings have it in the first 1x1, as in the paper.

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Graph, NodeId, Op, Pool};

/// The two kinds of residual block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Two 3x3 convolutions.
    Basic,
    /// 1x1, 3x3, 1x1 with four times the channels at the end.
    Bottleneck,
}

/// A member of the family.
#[derive(Clone, Copy, Debug)]
pub struct ResNet {
    /// The kind of block.
    pub block: Block,
    /// Blocks in each of the four stages.
    pub layers: [usize; 4],
    /// Channels of the stem and the first stage; doubled at each stage.
    pub width: usize,
    /// The stride sits in the first 1x1 of a bottleneck (v1) and not in the 3x3 (v1.5).
    pub v1: bool,
}

const DEPTHS: [(usize, Block, [usize; 4]); 5] = [
    (18, Block::Basic, [2, 2, 2, 2]),
    (34, Block::Basic, [3, 4, 6, 3]),
    (50, Block::Bottleneck, [3, 4, 6, 3]),
    (101, Block::Bottleneck, [3, 4, 23, 3]),
    (152, Block::Bottleneck, [3, 8, 36, 3]),
];

/// ResNet-18 to 152, and the v1 forms of those with bottlenecks.
pub fn architectures() -> Vec<Architecture> {
    let mut all = Vec::new();
    for (depth, block, layers) in DEPTHS {
        for v1 in [false, true] {
            if v1 && block == Block::Basic {
                continue;
            }
            let family = ResNet { block, layers, width: 64, v1 };
            let name = format!("resnet{depth}{}", if v1 { "-v1" } else { "" });
            let weights = match (v1, depth) {
                (false, _) => "torchvision",
                (true, 50) => "converted from Keras; make weights",
                (true, _) => "converted from Keras or Caffe",
            };
            let build = move |classes| family.graph(classes);
            all.push(Architecture { weights, ..Architecture::imagenet(name, "fc.weight", build) });
        }
    }
    all
}

impl ResNet {
    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder::new([3, 224, 224]);
        let mut x = net.conv_norm("conv1", "bn1", Graph::INPUT, Conv::new([3, self.width], 7, 2));
        x = net.graph.push("relu", Op::Relu, &[x]);
        let pool = Op::MaxPool2d(Pool::square(3, 2, 1));
        x = net.graph.push("maxpool", pool, &[x]);
        let mut channels = self.width;
        for (stage, &blocks) in self.layers.iter().enumerate() {
            let width = self.width << stage;
            for block in 0..blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let name = format!("layer{}.{block}", stage + 1);
                (x, channels) = self.block(&mut net, &name, x, [channels, width], stride);
            }
        }
        x = net.pooled(x);
        net.linear("fc", x, [channels, classes]);
        net.graph
    }

    /// One residual block; `channels` are those that come in and the block's width.
    fn block(
        &self,
        net: &mut Builder,
        name: &str,
        x: NodeId,
        [from, width]: [usize; 2],
        stride: usize,
    ) -> (NodeId, usize) {
        let (to, y) = match self.block {
            Block::Basic => {
                let y = net.numbered_relu(name, 1, x, Conv::new([from, width], 3, stride));
                (width, net.numbered(name, 2, y, Conv::new([width, width], 3, 1)))
            }
            Block::Bottleneck => {
                let [first, second] = if self.v1 { [stride, 1] } else { [1, stride] };
                let y = net.numbered_relu(name, 1, x, Conv::new([from, width], 1, first));
                let y = net.numbered_relu(name, 2, y, Conv::new([width, width], 3, second));
                (4 * width, net.numbered(name, 3, y, Conv::new([width, 4 * width], 1, 1)))
            }
        };
        let shortcut = if stride == 1 && from == to {
            x
        } else {
            let path = format!("{name}.downsample");
            let conv = Conv::new([from, to], 1, stride);
            net.conv_norm(&format!("{path}.0"), &format!("{path}.1"), x, conv)
        };
        let sum = net.graph.push(format!("{name}.add"), Op::Add, &[y, shortcut]);
        (net.graph.push(format!("{name}.relu"), Op::Relu, &[sum]), to)
    }
}

/// What torchvision's residual blocks call their layers: `conv1`, `bn1`, `relu1`, ...
impl Builder {
    /// The `i`-th convolution and BatchNorm of a block.
    pub(super) fn numbered(&mut self, block: &str, i: usize, x: NodeId, conv: Conv) -> NodeId {
        self.conv_norm(&format!("{block}.conv{i}"), &format!("{block}.bn{i}"), x, conv)
    }

    /// [`Builder::numbered`] and a ReLU.
    pub(super) fn numbered_relu(&mut self, block: &str, i: usize, x: NodeId, conv: Conv) -> NodeId {
        let x = self.numbered(block, i, x, conv);
        self.graph.push(format!("{block}.relu{i}"), Op::Relu, &[x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resnet50_has_the_published_number_of_parameters() {
        let graph =
            ResNet { block: Block::Bottleneck, layers: [3, 4, 6, 3], width: 64, v1: false }.graph(1000);
        let statistics = |name: &str| name.ends_with("running_mean") || name.ends_with("running_var");
        let trained = graph.parameters.iter().filter(|parameter| !statistics(&parameter.name));
        let count: usize = trained.map(|parameter| parameter.shape.iter().product::<usize>()).sum();
        assert_eq!(count, 25_557_032);
    }

    #[test]
    fn the_last_feature_map_is_layer4() {
        let graph = ResNet { block: Block::Basic, layers: [2, 2, 2, 2], width: 64, v1: false }.graph(1000);
        assert_eq!(graph.auto_layer(), graph.find("layer4"));
        assert_eq!(graph.shapes([3, 224, 224]).unwrap()[graph.find("layer4").unwrap()], [1, 512, 7, 7]);
    }
}
