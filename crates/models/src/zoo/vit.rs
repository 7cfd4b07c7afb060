//! Vision transformers: ViT (Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021) and DeiT (Touvron et
//! al., "Training data-efficient image transformers", 2021), with timm's names.
//!
//! torchvision's files load as well; their names are translated, so that a layer has one name whatever file
//! the weights come from: `encoder.layers.encoder_layer_3.ln_1` is `blocks.3.norm1`.

use super::Architecture;
use super::builder::{Builder, Conv};
use super::transformer::Block;
use crate::network::graph::{Graph, NodeId, Op};

/// What makes tokens of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stem {
    /// One matrix for each patch.
    Patches,
    /// 3x3 convolutions with BatchNorm and ReLU, in pairs of stride 2 and 1, and a 1x1 convolution: learns faster
    /// (Xiao et al., "Early Convolutions Help Transformers See Better", 2021).
    Convolutions,
}

/// A member of the family.
#[derive(Clone, Copy, Debug)]
pub struct ViT {
    /// Height and width of an image.
    pub side: usize,
    /// Height and width of a patch.
    pub patch: usize,
    /// Features of a token.
    pub dim: usize,
    /// Blocks.
    pub depth: usize,
    /// Attention heads of each.
    pub heads: usize,
    /// Hidden features of each block's perceptron.
    pub hidden: usize,
    /// How patches become tokens.
    pub stem: Stem,
    /// With a second token and head, learnt from a teacher; the scores are the mean of both heads.
    pub distilled: bool,
}

/// Name and preset, and features, attention heads and patch sizes of the published members.
const SIZES: [(&str, &str, usize, usize, &[usize]); 6] = [
    ("vit-t", "vit", 192, 3, &[16]),
    ("vit-s", "vit", 384, 6, &[16, 32]),
    ("vit-b", "vit", 768, 12, &[16, 32]),
    ("deit-t", "deit", 192, 3, &[16]),
    ("deit-s", "deit", 384, 6, &[16]),
    ("deit-b", "deit", 768, 12, &[16]),
];

/// ViT and DeiT in three sizes, DeiT also distilled, and the small ViT for CIFAR-10, with a matrix or convolutions for a stem.
pub fn architectures() -> Vec<Architecture> {
    let mut all = Vec::new();
    for (name, preprocess, dim, heads, patches) in SIZES {
        for &patch in patches {
            let family = ViT { patch, ..ViT::new(dim, 12, heads) };
            all.push(family.architecture(&format!("{name}{patch}"), preprocess));
            if name.starts_with("deit") {
                let family = ViT { distilled: true, ..family };
                all.push(family.architecture(&format!("{name}{patch}-distilled"), preprocess));
            }
        }
    }
    let cifar = ViT { side: 32, patch: 4, ..ViT::new(128, 6, 4) };
    let weights = "your own of timm's VisionTransformer";
    all.push(Architecture { weights, ..cifar.architecture("cifar-vit", "imagenet-keep") });
    let stem = ViT { stem: Stem::Convolutions, ..cifar };
    let weights = "your own, by train classifier";
    all.push(Architecture { weights, ..stem.architecture("cifar-vit-conv", "imagenet-keep") });
    all
}

/// From torchvision's names; those of its published files are older and have other numbers in the perceptron.
fn from_torchvision(name: &str) -> String {
    const PAIRS: [(&str, &str); 13] = [
        ("encoder.layers.encoder_layer_", "blocks."),
        ("encoder.pos_embedding", "pos_embed"),
        ("encoder.ln.", "norm."),
        ("heads.head.", "head."),
        ("class_token", "cls_token"),
        ("conv_proj.", "patch_embed.proj."),
        (".ln_", ".norm"),
        (".self_attention.in_proj_", ".attn.qkv."),
        (".self_attention.out_proj.", ".attn.proj."),
        (".mlp.0.", ".mlp.fc1."),
        (".mlp.3.", ".mlp.fc2."),
        (".mlp.linear_1.", ".mlp.fc1."),
        (".mlp.linear_2.", ".mlp.fc2."),
    ];
    PAIRS.iter().fold(name.into(), |name, (theirs, ours)| name.replace(theirs, ours))
}

impl ViT {
    /// A ViT for 224 x 224 images in patches of 16, with perceptrons of four times the features.
    pub fn new(dim: usize, depth: usize, heads: usize) -> Self {
        let (stem, hidden) = (Stem::Patches, 4 * dim);
        Self { side: 224, patch: 16, dim, depth, heads, hidden, stem, distilled: false }
    }

    /// The member under a name, with a preset for its images; timm's and torchvision's files load.
    pub fn architecture(self, name: &str, preprocess: &'static str) -> Architecture {
        Architecture {
            input: [3, self.side, self.side],
            preprocess,
            weights: "timm, or torchvision where it has the size",
            other_preprocess: Some(("conv_proj.weight", "imagenet")),
            rename: Some(Box::new(from_torchvision)),
            ..Architecture::imagenet(name, "head.weight", move |classes| self.graph(classes))
        }
    }

    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder::new([3, self.side, self.side]);
        net.graph.fixed = true;
        let grid = self.side / self.patch;
        let tokens = grid * grid + 1 + usize::from(self.distilled);
        let mut x = self.embed(&mut net, grid, tokens);
        let sizes = Block { tokens, dim: self.dim, heads: self.heads, hidden: self.hidden };
        for block in 0..self.depth {
            x = net.block(&format!("blocks.{block}"), x, sizes);
        }
        x = net.layer_norm("norm", x, self.dim);
        self.classify(&mut net, x, classes);
        net.graph
    }

    /// Tokens of the patches behind the class token (and the distillation token), plus their positions.
    fn embed(&self, net: &mut Builder, grid: usize, tokens: usize) -> NodeId {
        let x = self.patches(net);
        let x = net.graph.push("patch_embed.permute", Op::Permute { axes: vec![0, 2, 3, 1] }, &[x]);
        let patches = net.graph.push("patch_embed", Op::reshape(&[grid * grid, self.dim]), &[x]);
        let mut all = vec![net.constant("cls_token", &[1, 1, self.dim])];
        if self.distilled {
            all.push(net.constant("dist_token", &[1, 1, self.dim]));
        }
        all.push(patches);
        let x = net.graph.push("tokens", Op::Concat { axis: 1 }, &all);
        let positions = net.constant("pos_embed", &[1, tokens, self.dim]);
        net.graph.push("embedded", Op::Add, &[x, positions])
    }

    /// A map with one position for each patch.
    fn patches(&self, net: &mut Builder) -> NodeId {
        let (mut x, name) = (Graph::INPUT, "patch_embed.proj");
        if self.stem == Stem::Patches {
            let conv = Conv::new([3, self.dim], self.patch, self.patch).padding(0).biased();
            return net.conv(name, x, conv);
        }
        let (steps, mut from) = (self.patch.ilog2(), 3);
        for step in 0..steps {
            let to = self.dim >> (steps - 1 - step);
            x = convolution(net, 2 * step, x, Conv::new([from, to], 3, 2));
            if step > 0 {
                x = convolution(net, 2 * step + 1, x, Conv::new([to, to], 3, 1));
            }
            from = to;
        }
        net.conv(name, x, Conv::new([from, self.dim], 1, 1).biased())
    }

    /// Scores from the class token; from the distillation token as well if there is one.
    fn classify(&self, net: &mut Builder, x: NodeId, classes: usize) {
        let heads: Vec<NodeId> = ["head", "head_dist"][..=usize::from(self.distilled)]
            .iter()
            .enumerate()
            .map(|(token, name)| {
                let slice = Op::Slice { axis: 1, start: token, end: token + 1, step: 1 };
                let x = net.graph.push(format!("{name}.token"), slice, &[x]);
                let x = net.graph.push(format!("{name}.flatten"), Op::Flatten, &[x]);
                net.linear(name, x, [self.dim, classes])
            })
            .collect();
        if self.distilled {
            let sum = net.graph.push("heads.add", Op::Add, &heads);
            net.graph.push("heads", Op::Affine { scale: 0.5, shift: 0.0 }, &[sum]);
        }
    }
}

/// The `i`-th convolution of a stem, from 0, with BatchNorm and ReLU.
fn convolution(net: &mut Builder, i: u32, x: NodeId, conv: Conv) -> NodeId {
    let [name, norm, relu] = ["conv", "bn", "relu"].map(|kind| format!("patch_embed.{kind}{i}"));
    let x = net.conv_norm(&name, &norm, x, conv);
    net.graph.push(relu, Op::Relu, &[x])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(graph: &Graph) -> usize {
        graph.parameters.iter().map(|parameter| parameter.shape.iter().product::<usize>()).sum()
    }

    #[test]
    fn members_have_the_published_numbers_of_parameters() {
        let count = |name: &str| {
            let architecture = crate::zoo::architecture(name).unwrap();
            parameters(&(architecture.build)(1000))
        };
        assert_eq!(count("vit-b16"), 86_567_656);
        assert_eq!(count("vit-b32"), 88_224_232);
        assert_eq!(count("deit-t16"), 5_717_416);
        assert_eq!(count("deit-s16-distilled"), 22_436_432);
    }

    #[test]
    fn both_generations_of_torchvisions_names_are_known() {
        let layer = "encoder.layers.encoder_layer_11";
        for name in ["mlp.0", "mlp.linear_1"] {
            assert_eq!(from_torchvision(&format!("{layer}.{name}.bias")), "blocks.11.mlp.fc1.bias");
        }
        for name in ["mlp.3", "mlp.linear_2"] {
            assert_eq!(from_torchvision(&format!("{layer}.{name}.bias")), "blocks.11.mlp.fc2.bias");
        }
        assert_eq!(from_torchvision("encoder.ln.weight"), "norm.weight");
    }

    #[test]
    fn values_of_a_block_can_be_named() {
        let graph = ViT::new(192, 12, 3).graph(1000);
        let shapes = graph.shapes([3, 224, 224]).unwrap();
        let shape = |name: &str| shapes[graph.find(name).unwrap()].clone();
        assert_eq!(shape("blocks.11.attn.softmax"), [1, 3, 197, 197]);
        assert_eq!(shape("blocks.11.attn.v"), [1, 3, 197, 64]);
        assert_eq!(shape("blocks.3"), [1, 197, 192]);
        assert_eq!(graph.auto_layer(), graph.find("blocks.11.norm1"));
    }

    #[test]
    fn only_its_own_size_fits() {
        let graph = ViT { side: 32, patch: 4, ..ViT::new(128, 6, 4) }.graph(10);
        assert!(graph.shapes([3, 32, 32]).is_ok());
        // As many patches as it has, or none left over: neither may pass.
        for size in [[3, 16, 64], [3, 34, 34], [3, 64, 64], [3, 3, 3]] {
            assert!(graph.shapes(size).is_err(), "{size:?}");
        }
    }
}
