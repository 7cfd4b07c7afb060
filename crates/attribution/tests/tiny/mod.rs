//! Small classifiers: the ResNets of `testdata/models`, and networks whose explanations are known on paper.
//!
//! Each test file uses a part of it.
#![allow(dead_code)]

use std::sync::LazyLock;

use models::network::Weight;
use models::zoo::resnet::{Block, ResNet};
use models::zoo::vgg::Vgg;
use models::{Checkpoint, Classifier, Graph, Network, NodeId, Op, Preprocess, Tensor, TensorData, device};
use testing::{golden, testdata};

use super::{Context, Error, METHODS, Request, parse};

/// The images of `testdata/models`, (2, 3, 64, 64), normalised already.
pub fn images() -> Tensor<4> {
    let input = golden::array("models/input.npy");
    Tensor::from_data(TensorData::new(input.data, [2, 3, 64, 64]), &device::cpu().device)
}

/// Their classes.
pub const TARGETS: [usize; 2] = [3, 7];

pub fn keys() -> &'static [String; 2] {
    static KEYS: LazyLock<[String; 2]> = LazyLock::new(|| ["a".into(), "b".into()]);
    &KEYS
}

/// What a method is asked of both images.
pub fn request(batch_size: usize) -> Request<'static> {
    Request { images: images(), targets: &TARGETS, keys: keys(), seed: 0, batch_size, baselines: None }
}

/// The maps of a spec that is prepared for this classifier alone.
pub fn explain(spec: &str, classifier: &Classifier, request: &Request<'_>) -> Result<Tensor<4>, Error> {
    let method = parse(spec, &[METHODS]).unwrap_or_else(|error| panic!("{error}"));
    let context = Context::new(classifier).unwrap();
    let mut explainer = method.prepare(&context)?;
    explainer.explain(request)
}

/// Whether a spec can be prepared for a classifier.
pub fn check(spec: &str, classifier: &Classifier) -> Result<(), Error> {
    let method = parse(spec, &[METHODS]).unwrap_or_else(|error| panic!("{error}"));
    let context = Context::new(classifier).unwrap();
    method.prepare(&context).map(|_| ())
}

/// The layers that a spec needs apart from their BatchNorm.
pub fn unfolded(spec: &str) -> Vec<String> {
    parse(spec, &[METHODS]).unwrap_or_else(|error| panic!("{error}")).needs().unfolded
}

pub fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap()
}

/// The ResNets that have goldens.
pub const RESNETS: [&str; 2] = ["tiny_basic", "tiny_bottleneck"];

/// A ResNet; the layers in `unfolded` can be read before their BatchNorm.
pub fn resnet(name: &str, unfolded: &[String]) -> Classifier {
    let (file, block) = match name {
        "tiny_basic" => ("models/tiny_basic.pth", Block::Basic),
        _ => ("models/tiny_bottleneck.safetensors", Block::Bottleneck),
    };
    let graph = ResNet { block, layers: [1; 4], width: 8, v1: false }.graph(10);
    let checkpoint = Checkpoint::open(&testdata(file)).unwrap();
    let network = Network::load(graph, &checkpoint, &device::cpu().device).unwrap();
    let network = network.fold_batch_norm(unfolded).pack();
    let layer = network.graph().auto_layer().unwrap();
    classifier(name, network, layer)
}

/// A VGG with two channels to begin with.
pub fn vgg() -> Classifier {
    zoo("vgg", Vgg { stages: [1, 1, 2, 2, 2], norm: true, width: 2, hidden: 8 }.graph(10))
}

/// A network of `testdata/models/zoo`.
pub fn zoo(name: &str, graph: Graph) -> Classifier {
    let path = testdata(format!("models/zoo/{name}/weights.safetensors"));
    let network = Network::load(graph, &Checkpoint::open(&path).unwrap(), &device::cpu().device).unwrap();
    let network = network.fold_batch_norm(&[]).pack();
    let layer = network.graph().auto_layer().unwrap();
    classifier(name, network, layer)
}

/// The first of the images of noise that references are given as baselines.
pub fn given(count: usize) -> Tensor<4> {
    let mut noise = golden::array("attribution/smoothgrad_noise.npy").data;
    noise.truncate(count * 3 * 64 * 64);
    Tensor::from_data(TensorData::new(noise, [count, 3, 64, 64]), &device::cpu().device)
}

/// One matrix from 8 x 8 images to two classes, with a bias.
pub fn linear(weight: &[f32], bias: [f32; 2]) -> Classifier {
    let mut graph = Graph::new([3, 8, 8]);
    let flat = graph.push("flatten", Op::Flatten, &[Graph::INPUT]);
    let matrix = graph.parameter("fc.weight", &[2, 192]);
    let shift = graph.parameter("fc.bias", &[2]);
    graph.push("fc", Op::Linear { weight: matrix, bias: Some(shift) }, &[flat]);
    let weights = vec![tensor(weight.to_vec(), &[2, 192]), tensor(bias.to_vec(), &[2])];
    classifier("linear", Network::new(graph, weights), Graph::INPUT)
}

/// A convolution to four channels, ReLU, the mean over all positions, and a matrix to two classes.
pub fn cam(kernel: &[f32], weight: &[f32]) -> Classifier {
    let mut graph = Graph::new([3, 8, 8]);
    let filter = graph.parameter("conv.weight", &[4, 3, 3, 3]);
    let conv = Op::Conv2d {
        weight: filter,
        bias: None,
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
    };
    let x = graph.push("conv", conv, &[Graph::INPUT]);
    let features = graph.push("relu", Op::Relu, &[x]);
    let x = graph.push("pool", Op::global_avg_pool(), &[features]);
    let x = graph.push("flatten", Op::Flatten, &[x]);
    let matrix = graph.parameter("fc.weight", &[2, 4]);
    graph.push("fc", Op::Linear { weight: matrix, bias: None }, &[x]);
    let weights = vec![tensor(kernel.to_vec(), &[4, 3, 3, 3]), tensor(weight.to_vec(), &[2, 4])];
    classifier("cam", Network::new(graph, weights), features)
}

/// `count` numbers between -1 and 1 without a pattern.
pub fn wave(count: usize, step: f32) -> Vec<f32> {
    (1..=count).map(|i| (i as f32 * i as f32 * step).sin()).collect()
}

/// One image of `side` x `side` pixels.
pub fn image(side: usize) -> Tensor<4> {
    Tensor::from_data(TensorData::new(wave(3 * side * side, 0.37), [1, 3, side, side]), &device::cpu().device)
}

fn tensor(numbers: Vec<f32>, shape: &[usize]) -> Weight {
    Weight::new(TensorData::new(numbers, shape.to_vec()), &device::cpu().device)
}

pub fn classifier(name: &str, network: Network, layer: NodeId) -> Classifier {
    Classifier {
        name: name.into(),
        preprocess: Preprocess::preset("imagenet-keep").unwrap(),
        labels: Vec::new(),
        layer,
        digest: String::new(),
        device: device::cpu().device,
        network,
    }
}
