//! VGG (Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2015) with
//! torchvision's names.

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Graph, NodeId, Op, Pool};

/// A member of the family.
#[derive(Clone, Copy, Debug)]
pub struct Vgg {
    /// Convolutions in each of the five stages.
    pub stages: [usize; 5],
    /// A BatchNorm follows each convolution.
    pub norm: bool,
    /// Channels of the first stage: 64; the others have 2, 4, 8 and 8 times as many.
    pub width: usize,
    /// Numbers between the matrices: 4096.
    pub hidden: usize,
}

const DEPTHS: [(usize, [usize; 5]); 4] =
    [(11, [1, 1, 2, 2, 2]), (13, [2, 2, 2, 2, 2]), (16, [2, 2, 3, 3, 3]), (19, [2, 2, 4, 4, 4])];

/// VGG-11 to 19, without and with BatchNorm.
pub fn architectures() -> Vec<Architecture> {
    let mut all = Vec::new();
    for norm in [false, true] {
        for (depth, stages) in DEPTHS {
            let family = Vgg { stages, norm, width: 64, hidden: 4096 };
            let name = format!("vgg{depth}{}", if norm { "-bn" } else { "" });
            let build = move |classes| family.graph(classes);
            all.push(Architecture::imagenet(name, "classifier.6.weight", build));
        }
    }
    all
}

impl Vgg {
    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder::new([3, 224, 224]);
        net.graph.feature_layer = Some("features".into());
        let x = self.features(&mut net);
        let x = net.graph.push("avgpool", Op::AdaptiveAvgPool2d { output: [7, 7] }, &[x]);
        let x = net.graph.push("flatten", Op::Flatten, &[x]);
        let sizes = [8 * self.width * 7 * 7, self.hidden, self.hidden, classes];
        net.classifier([0, 3, 6], x, sizes);
        net.graph
    }

    fn features(&self, net: &mut Builder) -> NodeId {
        let mut place = 0;
        let mut next = || {
            place += 1;
            format!("features.{}", place - 1)
        };
        let (mut x, mut from) = (Graph::INPUT, 3);
        for (convolutions, times) in self.stages.into_iter().zip([1, 2, 4, 8, 8]) {
            let to = times * self.width;
            for _ in 0..convolutions {
                x = net.conv(&next(), x, Conv::new([from, to], 3, 1).biased());
                if self.norm {
                    x = net.norm(&next(), x, to);
                }
                x = net.graph.push(next(), Op::Relu, &[x]);
                from = to;
            }
            x = net.graph.push(next(), Op::MaxPool2d(Pool::square(2, 2, 0)), &[x]);
        }
        x
    }
}
