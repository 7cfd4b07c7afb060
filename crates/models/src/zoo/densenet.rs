//! DenseNet (Huang et al., "Densely Connected Convolutional Networks", 2017) with torchvision's names.

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Graph, NodeId, Op, Pool};

/// A member of the family.
#[derive(Clone, Copy, Debug)]
pub struct DenseNet {
    /// Channels that each layer adds.
    pub growth: usize,
    /// Layers in each of the four blocks.
    pub blocks: [usize; 4],
    /// Channels of the first convolution.
    pub stem: usize,
}

/// Channels between the two convolutions of a layer, in units of the growth.
const BOTTLENECK: usize = 4;

const DEPTHS: [(usize, usize, [usize; 4], usize); 4] = [
    (121, 32, [6, 12, 24, 16], 64),
    (161, 48, [6, 12, 36, 24], 96),
    (169, 32, [6, 12, 32, 32], 64),
    (201, 32, [6, 12, 48, 32], 64),
];

/// DenseNet-121 to 201.
pub fn architectures() -> Vec<Architecture> {
    let member = |(depth, growth, blocks, stem)| {
        DenseNet { growth, blocks, stem }.architecture(&format!("densenet{depth}"))
    };
    DEPTHS.into_iter().map(member).collect()
}

/// torchvision's files still have the names of its first years: `denselayer1.norm.1.weight`, which is now
/// `denselayer1.norm1.weight`.
fn modern(name: &str) -> String {
    if !name.contains(".denselayer") {
        return name.into();
    }
    ["norm", "conv"]
        .iter()
        .fold(name.into(), |name: String, part| name.replace(&format!(".{part}."), &format!(".{part}")))
}

impl DenseNet {
    /// The member under a name.
    pub fn architecture(self, name: &str) -> Architecture {
        let build = move |classes| self.graph(classes);
        Architecture {
            rename: Some(Box::new(modern)),
            ..Architecture::imagenet(name, "classifier.weight", build)
        }
    }

    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder::new([3, 224, 224]);
        net.graph.feature_layer = Some("features".into());
        let mut channels = self.stem;
        let conv = Conv::new([3, channels], 7, 2);
        let mut x = net.conv_norm("features.conv0", "features.norm0", Graph::INPUT, conv);
        x = net.graph.push("features.relu0", Op::Relu, &[x]);
        x = net.graph.push("features.pool0", Op::MaxPool2d(Pool::square(3, 2, 1)), &[x]);
        for (i, layers) in self.blocks.into_iter().enumerate() {
            if i > 0 {
                x = transition(&mut net, &format!("features.transition{i}"), x, channels);
                channels /= 2;
            }
            let block = format!("features.denseblock{}", i + 1);
            for layer in 1..=layers {
                x = self.layer(&mut net, &block, layer, x, channels);
                channels += self.growth;
            }
        }
        x = net.norm("features.norm5", x, channels);
        x = net.graph.push("relu", Op::Relu, &[x]);
        x = net.pooled(x);
        net.linear("classifier", x, [channels, classes]);
        net.graph
    }

    /// All channels so far, and those that one more layer makes of them.
    fn layer(&self, net: &mut Builder, block: &str, i: usize, x: NodeId, channels: usize) -> NodeId {
        let name = format!("{block}.denselayer{i}");
        let inner = BOTTLENECK * self.growth;
        let y = norm_relu(net, &name, "1", x, channels);
        let y = net.conv(&format!("{name}.conv1"), y, Conv::new([channels, inner], 1, 1));
        let y = norm_relu(net, &name, "2", y, inner);
        let y = net.conv(&format!("{name}.conv2"), y, Conv::new([inner, self.growth], 3, 1));
        net.graph.push(format!("{block}.cat{i}"), Op::Concat { axis: 1 }, &[x, y])
    }
}

fn norm_relu(net: &mut Builder, path: &str, i: &str, x: NodeId, channels: usize) -> NodeId {
    let x = net.norm(&format!("{path}.norm{i}"), x, channels);
    net.graph.push(format!("{path}.relu{i}"), Op::Relu, &[x])
}

/// Half the channels and half the size.
fn transition(net: &mut Builder, name: &str, x: NodeId, channels: usize) -> NodeId {
    let x = norm_relu(net, name, "", x, channels);
    let x = net.conv(&format!("{name}.conv"), x, Conv::new([channels, channels / 2], 1, 1));
    let pool = Op::AvgPool2d { pool: Pool::square(2, 2, 0), count_padding: true };
    net.graph.push(format!("{name}.pool"), pool, &[x])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_become_the_present_ones() {
        let old = "features.denseblock1.denselayer1.norm.1.running_mean";
        assert_eq!(modern(old), "features.denseblock1.denselayer1.norm1.running_mean");
        for kept in ["features.denseblock1.denselayer1.conv1.weight", "features.transition1.norm.weight"] {
            assert_eq!(modern(kept), kept);
        }
    }
}
