//! AlexNet (Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014) with torchvision's
//! names.

use super::Architecture;
use super::builder::{Builder, Conv};
use crate::network::graph::{Graph, NodeId, Op, Pool};

/// A member of the family.
#[derive(Clone, Copy, Debug)]
pub struct AlexNet {
    /// Channels of the first convolution: 64. The others have 3, 6, 4 and 4 times as many.
    pub width: usize,
    /// Numbers between the matrices: 4096.
    pub hidden: usize,
}

/// `alexnet`.
pub fn architectures() -> Vec<Architecture> {
    let family = AlexNet { width: 64, hidden: 4096 };
    vec![Architecture::imagenet("alexnet", "classifier.6.weight", move |classes| family.graph(classes))]
}

impl AlexNet {
    /// The graph for a number of classes.
    pub fn graph(&self, classes: usize) -> Graph {
        let mut net = Builder::new([3, 224, 224]);
        net.graph.feature_layer = Some("features".into());
        let w = self.width;
        let x = net.conv_relu(0, Graph::INPUT, Conv::new([3, w], 11, 4).padding(2));
        let x = net.max_pool(2, x);
        let x = net.conv_relu(3, x, Conv::new([w, 3 * w], 5, 1));
        let x = net.max_pool(5, x);
        let x = net.conv_relu(6, x, Conv::new([3 * w, 6 * w], 3, 1));
        let x = net.conv_relu(8, x, Conv::new([6 * w, 4 * w], 3, 1));
        let x = net.conv_relu(10, x, Conv::new([4 * w, 4 * w], 3, 1));
        let x = net.max_pool(12, x);
        let x = net.graph.push("avgpool", Op::AdaptiveAvgPool2d { output: [6, 6] }, &[x]);
        let x = net.graph.push("flatten", Op::Flatten, &[x]);
        let sizes = [4 * w * 6 * 6, self.hidden, self.hidden, classes];
        net.classifier([1, 4, 6], x, sizes);
        net.graph
    }
}

/// Layers named by their place in torchvision's `features` and `classifier`, which VGG has too.
impl Builder {
    fn conv_relu(&mut self, i: usize, x: NodeId, conv: Conv) -> NodeId {
        let x = self.conv(&format!("features.{i}"), x, conv.biased());
        self.graph.push(format!("features.{}", i + 1), Op::Relu, &[x])
    }

    fn max_pool(&mut self, i: usize, x: NodeId) -> NodeId {
        self.graph.push(format!("features.{i}"), Op::MaxPool2d(Pool::square(3, 2, 0)), &[x])
    }

    /// Three matrices with ReLUs between them, at these places; dropout does nothing here.
    pub(super) fn classifier(&mut self, places: [usize; 3], x: NodeId, sizes: [usize; 4]) {
        let mut x = x;
        for (i, place) in places.into_iter().enumerate() {
            x = self.linear(&format!("classifier.{place}"), x, [sizes[i], sizes[i + 1]]);
            if i < 2 {
                x = self.graph.push(format!("classifier.{}", place + 1), Op::Relu, &[x]);
            }
        }
    }
}
