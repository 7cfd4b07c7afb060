//! The attention mechanism (TAME, section 3.2): a branch for each of three feature maps, joined to one map for each class.

use models::features::Layout;
use models::resize::Resample;
use models::{Classifier, Graph, Network, NodeId, Op, Tensor, Value, sigmoid};

use super::loss::of_classes;

use crate::extended::{ExplainerNetwork, Extended, First};

/// The largest height and width of the maps.
const LARGEST: usize = 56;

/// What PyTorch's BatchNorm adds to the variance.
const EPSILON: f64 = 1e-5;

/// The explained network up to the last of three layers and the attention on them, for images of height and width `size`; new
/// weights are drawn by the seed. Only the attention learns. It gives maps `(n, classes, h, w)` before the sigmoid, on the grid of the
/// first layer (56 x 56 at the most).
///
/// Each branch is a 1x1 convolution, BatchNorm, the sum with the feature map itself, ReLU and a bilinear resizing; a 1x1 convolution
/// fuses the branches.
///
/// # Errors
/// Says why, if a layer is missing or has no feature maps, or the network does not take such images.
pub fn explainer(
    classifier: &Classifier,
    layers: &[String; 3],
    size: [usize; 2],
    seed: u64,
) -> Result<ExplainerNetwork, String> {
    let graph = classifier.network.graph();
    if graph.is_black_box() {
        return Err("it only gives scores, and attention reads its layers".into());
    }
    let input = [graph.input[0], size[0], size[1]];
    let shapes = graph.shapes(input).map_err(|error| error.to_string())?;
    let find = |name: &String| {
        let node = graph.find(name).ok_or_else(|| format!("it has no layer `{name}`"))?;
        let maps = Layout::at(graph, &shapes, node) == Some(Layout::Maps);
        if maps { Ok(node) } else { Err(format!("layer `{name}` has no feature maps")) }
    };
    let nodes: Vec<NodeId> = layers.iter().map(find).collect::<Result<_, String>>()?;
    let (mut net, ends) = Extended::of(&classifier.network, &nodes, seed);
    (net.graph.input, net.graph.fixed) = (input, true);
    let grid = [shapes[nodes[0]][2], shapes[nodes[0]][3]].map(|side| side.min(LARGEST));
    let branches: Vec<NodeId> =
        (0..nodes.len()).map(|i| branch(&mut net, i, ends[i], &shapes[nodes[i]], grid)).collect();
    let channels = nodes.iter().map(|&node| shapes[node][1]).sum();
    let joined = net.graph.push("tame.concat", Op::Concat { axis: 1 }, &branches);
    let classes = shapes[graph.output()][1];
    net.conv("tame.fuse", joined, [channels, classes]);
    Ok(net.finish(|_| false))
}

/// A branch on maps `x` of a shape.
fn branch(net: &mut Extended, i: usize, x: NodeId, shape: &[usize], grid: [usize; 2]) -> NodeId {
    let (name, channels) = (|part: &str| format!("tame.{i}.{part}"), shape[1]);
    let y = net.conv(&name("conv"), x, [channels, channels]);
    let mut vector = |part: &str, value| net.parameter(&name(part), &[channels], First::Equal(value));
    let op = Op::BatchNorm2d {
        weight: vector("norm.weight", 1.0),
        bias: vector("norm.bias", 0.0),
        mean: vector("norm.running_mean", 0.0),
        variance: vector("norm.running_var", 1.0),
        epsilon: EPSILON,
    };
    let y = net.graph.push(name("norm"), op, &[y]);
    let y = net.graph.push(name("add"), Op::Add, &[y, x]);
    let y = net.graph.push(name("relu"), Op::Relu, &[y]);
    if [shape[2], shape[3]] == grid {
        y
    } else {
        resized(net, &name("resize"), y, [shape[2], shape[3]], grid)
    }
}

/// Bilinear resizing as two matrix products, as [`Resample::resize`] has it.
fn resized(net: &mut Extended, name: &str, x: NodeId, from: [usize; 2], to: [usize; 2]) -> NodeId {
    let Resample(rule) = Resample::BILINEAR;
    let rows = rule.matrix(from[0], to[0]);
    let across = rule.matrix(from[1], to[1]);
    let columns = (0..from[1] * to[1]).map(|i| across[i % to[1] * from[1] + i / to[1]]).collect();
    let mut constant = |part: &str, shape: [usize; 4], numbers: Vec<f32>| {
        let name = format!("{name}.{part}");
        let parameter = net.parameter(&name, &shape, First::Fixed(numbers));
        net.graph.push(name, Op::Constant { parameter }, &[])
    };
    let rows = constant("rows", [1, 1, to[0], from[0]], rows);
    let columns = constant("columns", [1, 1, from[1], to[1]], columns);
    let x = net.graph.push(format!("{name}.down"), Op::MatMul, &[rows, x]);
    net.graph.push(name, Op::MatMul, &[x, columns])
}

/// The maps of all classes before the sigmoid, `(n, classes, h, w)`.
pub fn class_maps(network: &Network, images: Tensor<4>, hooks: &mut dyn models::Hooks) -> Tensor<4> {
    let feeds = vec![(Graph::INPUT, Value::new(images))];
    network.run(feeds, &[network.graph().output()], hooks).remove(0).tensor()
}

/// The mask of each image's class, of the size of the images, `(n, 1, h, w)` in 0..1.
pub fn masks(network: &Network, images: Tensor<4>, classes: &[usize]) -> Tensor<4> {
    let [_, _, h, w] = images.dims();
    let maps = class_maps(network, images, &mut models::Plain);
    Resample::BILINEAR.resize(sigmoid(of_classes(&maps, classes)), h, w)
}

/// Whether a tensor is one of the attention's that a file must hold.
pub(crate) fn is_own(name: &str) -> bool {
    name.starts_with("tame.") && !name.contains(".resize.")
}
