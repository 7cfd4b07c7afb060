//! The network of an EEA explainer: the encoder of a classifier, started from its weights, and a small head that makes one mask.
//! What it gives are the mask's logits, of which the mask is the sigmoid: a mask that rounds to 1 still has a slope.

use models::features::Layout;
use models::graph::Activation;
use models::resize::Resample;
use models::{Graph, Network, NodeId, Op, Tensor, Value, sigmoid};

use crate::extended::{ExplainerNetwork, Extended};

/// The explainer made of a classifier whose BatchNorm is apart; new weights are drawn by the seed. It gives the
/// logits of masks, `(n, 1, h, w)` on the encoder's own grid.
///
/// Of a transformer the encoder goes up to the last LayerNorm; each patch token goes through `Linear(d, d)`, tanh and `Linear(d, 1)`,
/// and what makes tokens of the image does not learn. Of other networks it goes up to the last feature map, which a 1x1 convolution
/// turns into one, and all of it learns.
///
/// # Errors
/// Says why, if the network has no encoder: if it only gives scores, has no feature maps, or tokens that lie on no grid.
pub fn explainer(classifier: &Network, seed: u64) -> Result<ExplainerNetwork, String> {
    let graph = classifier.graph();
    if graph.is_black_box() {
        return Err("it only gives scores, and an explainer starts from a network's weights".into());
    }
    let shapes = graph.shapes(graph.input).map_err(|error| error.to_string())?;
    let end = encoder(graph, &shapes).ok_or("it has neither feature maps nor tokens of patches on a grid")?;
    let layout = Layout::at(graph, &shapes, end);
    let (mut net, ends) = Extended::of(classifier, &[end], seed);
    let encoder = net.count();
    match layout {
        Some(Layout::Maps) => {
            net.conv("mask", ends[0], [shapes[end][1], 1]);
            Ok(net.finish(|_| true))
        }
        Some(Layout::Tokens { first, grid }) => {
            token_head(&mut net, ends[0], shapes[end][2], first, grid);
            let learns = behind_embedding(&net.graph, encoder);
            Ok(net.finish(|id| learns[id]))
        }
        None => {
            let name = &graph.nodes[end].name;
            Err(format!("its last layer `{name}` has neither feature maps nor tokens of patches on a grid"))
        }
    }
}

/// The logits of the masks of images, `(n, 1, h, w)` on the encoder's grid.
pub fn logits(network: &Network, images: Tensor<4>) -> Tensor<4> {
    let feeds = vec![(Graph::INPUT, Value::new(images))];
    network.run(feeds, &[network.graph().output()], &mut models::Plain).remove(0).tensor()
}

/// The masks of images of the size of the images, `(n, 1, h, w)` in 0..1, from their logits.
pub fn masks(logits: Tensor<4>, [h, w]: [usize; 2]) -> Tensor<4> {
    Resample::BILINEAR.resize(sigmoid(logits), h, w)
}

/// The last node of the encoder: in a transformer the LayerNorm behind the last attention.
fn encoder(graph: &Graph, shapes: &[Vec<usize>]) -> Option<NodeId> {
    let attention = |id: &NodeId| matches!(graph.nodes[*id].op, Op::Softmax { .. }) && shapes[*id].len() >= 3;
    if !(0..graph.nodes.len()).any(|id| attention(&id)) {
        return graph.auto_layer();
    }
    let tokens = |id: &NodeId| matches!(Layout::at(graph, shapes, *id), Some(Layout::Tokens { .. }));
    let norm = |id: &NodeId| matches!(graph.nodes[*id].op, Op::LayerNorm { .. });
    (0..graph.nodes.len()).rev().find(|id| norm(id) && tokens(id))
}

/// One number for each patch, on their grid.
fn token_head(net: &mut Extended, x: NodeId, dim: usize, first: usize, [rows, columns]: [usize; 2]) {
    let patches = Op::Slice { axis: 1, start: first, end: first + rows * columns, step: 1 };
    let x = net.graph.push("mask.patches", patches, &[x]);
    let x = net.linear("mask.fc1", x, [dim, dim]);
    let x = net.graph.push("mask.tanh", Op::Activation(Activation::Tanh), &[x]);
    let x = net.linear("mask.fc2", x, [dim, 1]);
    net.graph.push("mask", Op::reshape(&[1, rows, columns]), &[x]);
}

/// Of the first `count` weights, whether they are read behind what makes tokens of the image: from the first LayerNorm on.
fn behind_embedding(graph: &Graph, count: usize) -> Vec<bool> {
    let first = graph.nodes.iter().position(|node| matches!(node.op, Op::LayerNorm { .. })).unwrap_or(0);
    let mut behind = vec![false; count];
    for node in &graph.nodes[first..] {
        for id in node.op.clone().parameters_mut() {
            if let Some(behind) = behind.get_mut(*id) {
                *behind = true;
            }
        }
    }
    behind
}
