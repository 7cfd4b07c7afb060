//! EfficientNet-Lite (Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019;
//! Lite: no squeeze-and-excitation, ReLU6, first and last stage not deepened) with timm's names. Files with the
//! names `_blocks.0._depthwise_conv.weight` are read too.

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Activation, Graph, NodeId, Op};

/// A member of the family.
#[derive(Clone, Debug)]
pub struct EfficientNetLite {
    /// Height and width of its images.
    pub side: usize,
    /// Channels of the first convolution: 32.
    pub stem: usize,
    /// Groups of equal blocks.
    pub stages: Vec<Stage>,
    /// Channels of the last convolution: 1280.
    pub head: usize,
}

/// Blocks of one size.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// How many.
    pub blocks: usize,
    /// Window of the depthwise convolution.
    pub kernel: usize,
    /// Stride of the first block.
    pub stride: usize,
    /// How many times more channels are inside.
    pub expand: usize,
    /// Channels of the result.
    pub channels: usize,
}

/// Blocks, kernel, stride, expansion and channels of EfficientNet-B0 (the paper's table 1).
const B0: [[usize; 5]; 7] = [
    [1, 3, 1, 1, 16],
    [2, 3, 2, 6, 24],
    [2, 5, 2, 6, 40],
    [3, 3, 2, 6, 80],
    [3, 5, 1, 6, 112],
    [4, 5, 2, 6, 192],
    [1, 3, 1, 6, 320],
];

/// Width, depth, side of the images and preset.
const SCALES: [(f64, f64, usize, &str); 5] = [
    (1.0, 1.0, 224, "efficientnet-lite0"),
    (1.0, 1.1, 240, "efficientnet-lite1"),
    (1.1, 1.2, 260, "efficientnet-lite2"),
    (1.2, 1.4, 300, "efficientnet-lite3"),
    (1.4, 1.8, 380, "efficientnet-lite4"),
];

/// `efficientnet-lite0` to `efficientnet-lite4`.
pub fn architectures() -> Vec<Architecture> {
    let member = |(width, depth, side, name)| {
        EfficientNetLite { side, stem: 32, stages: scaled(width, depth), head: 1280 }.architecture(name)
    };
    SCALES.into_iter().map(member).collect()
}

/// The stages of B0 with more channels, and with more blocks in all but the first and the last.
fn scaled(width: f64, depth: f64) -> Vec<Stage> {
    let stage = |(i, [blocks, kernel, stride, expand, channels]): (usize, [usize; 5])| {
        let more = (blocks as f64 * depth).ceil() as usize;
        let blocks = if i == 0 || i + 1 == B0.len() { blocks } else { more };
        Stage { blocks, kernel, stride, expand, channels: eighths(channels as f64 * width) }
    };
    B0.into_iter().enumerate().map(stage).collect()
}

/// The nearest multiple of eight, but not less than nine tenths.
fn eighths(channels: f64) -> usize {
    let near = ((channels + 4.0) / 8.0) as usize * 8;
    if (near as f64) < 0.9 * channels { near + 8 } else { near }
}

impl EfficientNetLite {
    /// The member under a name, which is that of its preset too.
    pub fn architecture(self, name: &'static str) -> Architecture {
        let blocks = self.blocks();
        Architecture {
            input: [3, self.side, self.side],
            preprocess: name,
            weights: if name == "efficientnet-lite0" { "timm; make weights" } else { "timm" },
            rename: Some(Box::new(move |name| timm_name(&blocks, name))),
            ..Architecture::imagenet(name, "classifier.weight", move |classes| self.graph(classes))
        }
    }

    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder { epsilon: 1e-3, ..Builder::new([3, self.side, self.side]) };
        let stem = Conv::new([3, self.stem], 3, 2);
        let mut x = net.timm("conv_stem", "bn1", Graph::INPUT, stem);
        let mut from = self.stem;
        for (i, stage) in self.stages.iter().enumerate() {
            for block in 0..stage.blocks {
                let stage = Stage { stride: if block == 0 { stage.stride } else { 1 }, ..*stage };
                x = stage.block(&mut net, &format!("blocks.{i}.{block}"), x, from);
                from = stage.channels;
            }
        }
        x = net.timm("conv_head", "bn2", x, Conv::new([from, self.head], 1, 1));
        x = net.pooled(x);
        net.linear("classifier", x, [self.head, classes]);
        net.graph
    }

    /// The name of each block and whether it has more channels inside.
    fn blocks(&self) -> Vec<(String, bool)> {
        let stages = self.stages.iter().enumerate();
        let names = stages.flat_map(|(i, stage)| {
            (0..stage.blocks).map(move |block| (format!("blocks.{i}.{block}"), stage.expand != 1))
        });
        names.collect()
    }
}

impl Stage {
    /// One block; its own stride is that of the stage.
    fn block(&self, net: &mut Builder, name: &str, x: NodeId, from: usize) -> NodeId {
        let inner = self.expand * from;
        let path = |part: &str| format!("{name}.{part}");
        let depthwise = Conv::depthwise(inner, self.kernel, self.stride);
        let last = Conv::new([inner, self.channels], 1, 1);
        let y = if self.expand == 1 {
            let y = net.timm(&path("conv_dw"), &path("bn1"), x, depthwise);
            net.conv_norm(&path("conv_pw"), &path("bn2"), y, last)
        } else {
            let first = Conv::new([from, inner], 1, 1);
            let y = net.timm(&path("conv_pw"), &path("bn1"), x, first);
            let y = net.timm(&path("conv_dw"), &path("bn2"), y, depthwise);
            net.conv_norm(&path("conv_pwl"), &path("bn3"), y, last)
        };
        let fits = self.stride == 1 && from == self.channels;
        if fits { net.graph.push(path("add"), Op::Add, &[y, x]) } else { y }
    }
}

impl Builder {
    /// A convolution with TensorFlow's padding, BatchNorm and ReLU6.
    fn timm(&mut self, name: &str, norm: &str, x: NodeId, conv: Conv) -> NodeId {
        let x = if conv.stride == 1 {
            self.conv_norm(name, norm, x, conv)
        } else {
            let pad = Op::PadSame { kernel: [conv.kernel; 2], stride: [conv.stride; 2] };
            let x = self.graph.push(format!("{name}.pad"), pad, &[x]);
            self.conv_norm(name, norm, x, conv.padding(0))
        };
        self.graph.push(format!("{norm}.act"), Op::Activation(Activation::Clip(0.0, 6.0)), &[x])
    }
}

/// timm's name for `_conv_stem`, `_bn0`, `_blocks.I._expand_conv`, … `_fc`; other names stay.
fn timm_name(blocks: &[(String, bool)], name: &str) -> String {
    let around = [
        ("_conv_stem.", "conv_stem."),
        ("_bn0.", "bn1."),
        ("_conv_head.", "conv_head."),
        ("_bn1.", "bn2."),
        ("_fc.", "classifier."),
    ];
    if let Some((new, rest)) = around.iter().find_map(|(old, new)| Some((new, name.strip_prefix(old)?))) {
        return format!("{new}{rest}");
    }
    inside(blocks, name).unwrap_or_else(|| name.into())
}

/// The same for `_blocks.I.PART.REST`.
fn inside(blocks: &[(String, bool)], name: &str) -> Option<String> {
    let (i, rest) = name.strip_prefix("_blocks.")?.split_once('.')?;
    let (part, rest) = rest.split_once('.')?;
    let (block, expanded) = blocks.get(i.parse::<usize>().ok()?)?;
    let new = match (part, expanded) {
        ("_expand_conv", true) | ("_project_conv", false) => "conv_pw",
        ("_project_conv", true) => "conv_pwl",
        ("_depthwise_conv", _) => "conv_dw",
        ("_bn0", true) | ("_bn1", false) => "bn1",
        ("_bn1", true) | ("_bn2", false) => "bn2",
        ("_bn2", true) => "bn3",
        _ => return None,
    };
    Some(format!("{block}.{new}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_block_numbers_become_stages() {
        let lite = EfficientNetLite { side: 224, stem: 32, stages: scaled(1.0, 1.0), head: 1280 };
        let blocks = lite.blocks();
        for (old, new) in [
            ("_conv_stem.weight", "conv_stem.weight"),
            ("_bn0.running_mean", "bn1.running_mean"),
            ("_blocks.0._project_conv.weight", "blocks.0.0.conv_pw.weight"),
            ("_blocks.0._bn2.bias", "blocks.0.0.bn2.bias"),
            ("_blocks.2._expand_conv.weight", "blocks.1.1.conv_pw.weight"),
            ("_blocks.15._bn2.bias", "blocks.6.0.bn3.bias"),
            ("_blocks.16._bn2.bias", "_blocks.16._bn2.bias"),
            ("_fc.weight", "classifier.weight"),
            ("blocks.6.0.bn3.bias", "blocks.6.0.bn3.bias"),
        ] {
            assert_eq!(timm_name(&blocks, old), new);
        }
    }
}
