//! The small network for cats and dogs of "A Meaningful Perturbation Metric": four times a 3x3 convolution, BatchNorm,
//! ReLU and a maximum pool, then three matrices. Class 0 is a dog, class 1 a cat.
//!
//! Names: `conv0`, `bn0`, `relu0`, `pool0` to `pool3`, then `fc0`, `fc1`, `fc2`; parameters as in the authors' files.
//! The paper's explanations read `conv3`, before its BatchNorm; `auto` is `pool3`.

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Graph, Op, Pool};

/// A member of the family.
#[derive(Clone, Copy, Debug)]
pub struct BinaryCnn {
    /// Height and width of its images: 224.
    pub side: usize,
    /// Channels of the first convolution: 16; doubled by each further one.
    pub width: usize,
}

/// `binary-cnn`.
pub fn architectures() -> Vec<Architecture> {
    let family = BinaryCnn { side: 224, width: 16 };
    let build = move |classes| family.graph(classes);
    vec![Architecture {
        preprocess: "inception",
        weights: "the paper's authors",
        ..Architecture::imagenet("binary-cnn", "fc2.weight", build)
    }]
}

impl BinaryCnn {
    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder::new([3, self.side, self.side]);
        let (mut x, mut channels) = (Graph::INPUT, 3);
        for i in 0..4 {
            let to = self.width << i;
            x = net.conv_norm(&format!("conv{i}"), &format!("bn{i}"), x, Conv::new([channels, to], 3, 1));
            x = net.graph.push(format!("relu{i}"), Op::Relu, &[x]);
            x = net.graph.push(format!("pool{i}"), Op::MaxPool2d(Pool::square(2, 2, 0)), &[x]);
            channels = to;
        }
        x = net.graph.push("flatten", Op::Flatten, &[x]);
        let cells = (self.side / 16).pow(2);
        let hidden = [4 * self.width, 2 * self.width];
        x = net.linear("fc0", x, [channels * cells, hidden[0]]);
        x = net.graph.push("relu_fc0", Op::Relu, &[x]);
        x = net.linear("fc1", x, hidden);
        x = net.graph.push("relu_fc1", Op::Relu, &[x]);
        net.linear("fc2", x, [hidden[1], classes]);
        net.graph
    }
}
