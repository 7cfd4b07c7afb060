//! ConvNeXt (Liu et al., "A ConvNet for the 2020s", 2022) with timm's names.
//!
//! torchvision's files load as well; their names are translated: `features.7.2.block.0` is
//! `stages.3.blocks.2.conv_dw`.

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Graph, NodeId, Op};

/// A member of the family.
#[derive(Clone, Copy, Debug)]
pub struct ConvNeXt {
    /// Blocks in each of the four stages.
    pub depths: [usize; 4],
    /// Channels of each stage.
    pub dims: [usize; 4],
}

const SIZES: [(&str, [usize; 4], [usize; 4]); 4] = [
    ("tiny", [3, 3, 9, 3], [96, 192, 384, 768]),
    ("small", [3, 3, 27, 3], [96, 192, 384, 768]),
    ("base", [3, 3, 27, 3], [128, 256, 512, 1024]),
    ("large", [3, 3, 27, 3], [192, 384, 768, 1536]),
];

/// ConvNeXt in four sizes.
pub fn architectures() -> Vec<Architecture> {
    let member = |(size, depths, dims)| ConvNeXt { depths, dims }.architecture(&format!("convnext-{size}"));
    SIZES.into_iter().map(member).collect()
}

/// From torchvision's names, which count the stem, the stages and the steps between them in one list.
fn from_torchvision(name: &str) -> String {
    const PAIRS: [(&str, &str); 15] = [
        ("features.0.", "stem."),
        ("features.1.", "stages.0.blocks."),
        ("features.2.", "stages.1.downsample."),
        ("features.3.", "stages.1.blocks."),
        ("features.4.", "stages.2.downsample."),
        ("features.5.", "stages.2.blocks."),
        ("features.6.", "stages.3.downsample."),
        ("features.7.", "stages.3.blocks."),
        (".block.0.", ".conv_dw."),
        (".block.2.", ".norm."),
        (".block.3.", ".mlp.fc1."),
        (".block.5.", ".mlp.fc2."),
        (".layer_scale", ".gamma"),
        ("classifier.0.", "head.norm."),
        ("classifier.2.", "head.fc."),
    ];
    PAIRS.iter().fold(name.into(), |name, (theirs, ours)| name.replace(theirs, ours))
}

impl ConvNeXt {
    /// The member under a name; timm's and torchvision's files load.
    pub fn architecture(self, name: &str) -> Architecture {
        let build = move |classes| self.graph(classes);
        let rename: Option<super::Rename> = Some(Box::new(from_torchvision));
        Architecture {
            rename,
            weights: "timm or torchvision",
            ..Architecture::imagenet(name, "head.fc.weight", build)
        }
    }

    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder::new([3, 224, 224]);
        let [first, .., last] = self.dims;
        let stem = Conv::new([3, first], 4, 4).padding(0).biased();
        let mut x = net.conv("stem.0", Graph::INPUT, stem);
        x = net.channel_norm("stem.1", x, first);
        for (stage, (&depth, &dim)) in self.depths.iter().zip(&self.dims).enumerate() {
            let name = format!("stages.{stage}");
            if stage > 0 {
                let from = self.dims[stage - 1];
                x = net.channel_norm(&format!("{name}.downsample.0"), x, from);
                let conv = Conv::new([from, dim], 2, 2).padding(0).biased();
                x = net.conv(&format!("{name}.downsample.1"), x, conv);
            }
            for block in 0..depth {
                x = net.convnext_block(&format!("{name}.blocks.{block}"), x, dim);
            }
        }
        x = net.graph.push("head.pool", Op::Mean { axes: vec![2, 3], keep: false }, &[x]);
        x = net.layer_norm("head.norm", x, last);
        net.linear("head.fc", x, [last, classes]);
        net.graph
    }
}

const CHANNELS_LAST: [usize; 4] = [0, 2, 3, 1];
const CHANNELS_FIRST: [usize; 4] = [0, 3, 1, 2];

impl Builder {
    fn permute(&mut self, name: String, x: NodeId, axes: [usize; 4]) -> NodeId {
        self.graph.push(name, Op::Permute { axes: axes.to_vec() }, &[x])
    }

    /// LayerNorm over the channels at each position of a map.
    fn channel_norm(&mut self, name: &str, x: NodeId, channels: usize) -> NodeId {
        let x = self.permute(format!("{name}.channels_last"), x, CHANNELS_LAST);
        let x = self.layer_norm(name, x, channels);
        // The module's value has its channels first.
        self.graph.nodes[x].name = format!("{name}.norm");
        self.permute(name.into(), x, CHANNELS_FIRST)
    }

    /// 7x7 in each channel alone, LayerNorm, a perceptron at each position, a factor for each channel, and the
    /// block's input.
    fn convnext_block(&mut self, name: &str, x: NodeId, dim: usize) -> NodeId {
        let y = self.conv(&format!("{name}.conv_dw"), x, Conv::depthwise(dim, 7, 1).biased());
        let y = self.permute(format!("{name}.channels_last"), y, CHANNELS_LAST);
        let y = self.layer_norm(&format!("{name}.norm"), y, dim);
        let y = self.mlp(&format!("{name}.mlp"), y, [dim, 4 * dim]);
        let y = self.permute(format!("{name}.channels_first"), y, CHANNELS_FIRST);
        let gamma = self.constant(&format!("{name}.gamma"), &[dim]);
        let gamma = self.graph.push(format!("{name}.gamma.channels"), Op::reshape(&[dim, 1, 1]), &[gamma]);
        let y = self.graph.push(format!("{name}.scale"), Op::Multiply, &[y, gamma]);
        self.graph.push(format!("{name}.add"), Op::Add, &[x, y])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_the_published_numbers_of_parameters() {
        let published = [28_589_128, 50_223_688, 88_591_464, 197_767_336];
        for (architecture, expected) in architectures().into_iter().zip(published) {
            let graph = (architecture.build)(1000);
            let count: usize = graph.parameters.iter().map(|p| p.shape.iter().product::<usize>()).sum();
            assert_eq!(count, expected, "{}", architecture.name);
        }
    }

    #[test]
    fn the_last_feature_map_is_the_last_stage() {
        let graph = ConvNeXt { depths: [1; 4], dims: [8, 16, 32, 64] }.graph(10);
        assert_eq!(graph.auto_layer(), graph.find("stages.3"));
        assert_eq!(graph.shapes([3, 96, 64]).unwrap()[graph.find("stages.3").unwrap()], [1, 64, 3, 2]);
    }
}
