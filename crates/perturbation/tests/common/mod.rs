//! The small network, images and maps of `testdata/perturbation`.

// Each test uses its own part of this.
#![allow(dead_code)]

use std::sync::Arc;

use image::RgbImage;
use maps::Map;
use models::network::graph::{Graph, Op};
use models::zoo::resnet::{Block, ResNet};
use models::{Checkpoint, Classifier, Image, Network, Preprocess, TensorData, device};
use perturbation::{Curve, CurvePoint, Executor, HostImage, Job, MapResult, ParsedTest, Plan, TESTS};
use pipe::npy::Array;

pub const SIDE: usize = 64;
/// The classes that are explained.
pub const CLASSES: [usize; 2] = [3, 7];

/// A file of the reference results.
pub fn golden(name: &str) -> Array {
    pipe::npy::read_file(&testing::testdata(format!("perturbation/{name}.npy"))).unwrap()
}

pub fn tiny_basic() -> Classifier {
    let checkpoint = Checkpoint::open(&testing::testdata("models/tiny_basic.pth")).unwrap();
    let graph = ResNet { block: Block::Basic, layers: [1; 4], width: 8, v1: false }.graph(10);
    let network = Network::load(graph, &checkpoint, &device::cpu().device).unwrap();
    classifier(network.fold_batch_norm(&[]))
}

/// A network that gives every image the same scores.
pub fn constant(scores: &[f32]) -> Classifier {
    let mut graph = Graph::new([3, 64, 64]);
    let pool = graph.push("pool", Op::global_avg_pool(), &[Graph::INPUT]);
    let flat = graph.push("flat", Op::Flatten, &[pool]);
    let weight = graph.parameter("fc.weight", &[scores.len(), 3]);
    let bias = Some(graph.parameter("fc.bias", &[scores.len()]));
    graph.push("fc", Op::Linear { weight, bias }, &[flat]);
    let device = device::cpu().device;
    let tensor =
        |data, shape: &[usize]| models::network::Weight::new(TensorData::new(data, shape.to_vec()), &device);
    let matrix = tensor(vec![0.0_f32; 3 * scores.len()], &[scores.len(), 3]);
    let vector = tensor(scores.to_vec(), &[scores.len()]);
    classifier(Network::new(graph, vec![matrix, vector]))
}

/// A linear classifier of 8 x 8 pixels, an image for it, and the weight of each pixel, the same in all channels, for class 1.
pub fn linear() -> (Classifier, Image, Vec<f64>) {
    let weight =
        |class: usize, i: usize| ((i + 2 * (i / 8) + 4 * class + i % 8 * (i / 8)) % 5) as f32 / 8.0 - 0.25;
    let mut graph = Graph::new([3, 8, 8]);
    let flat = graph.push("flat", Op::Flatten, &[Graph::INPUT]);
    let matrix = graph.parameter("fc.weight", &[3, 192]);
    graph.push("fc", Op::Linear { weight: matrix, bias: None }, &[flat]);
    let values: Vec<f32> = (0..3 * 192).map(|at| weight(at / 192, at % 64)).collect();
    let matrix = models::network::Weight::new(TensorData::new(values, [3, 192]), &device::cpu().device);
    let weights = (0..64).map(|i| f64::from(weight(1, i))).collect();
    (classifier(Network::new(graph, vec![matrix])), ramp([8, 8]), weights)
}

fn classifier(network: Network) -> Classifier {
    Classifier {
        name: "tiny".into(),
        preprocess: Preprocess::preset("imagenet-keep").unwrap(),
        labels: Vec::new(),
        layer: Graph::INPUT,
        digest: String::new(),
        device: device::cpu().device,
        network,
    }
}

/// The images that become `testdata/models/input.npy` when they are normalised.
pub fn images() -> Vec<Image> {
    let input = pipe::npy::read_file(&testing::testdata("models/input.npy")).unwrap();
    input.data.chunks(3 * SIDE * SIDE).enumerate().map(image).collect()
}

fn image((index, normalised): (usize, &[f32])) -> Image {
    let preprocess = Preprocess::preset("imagenet-keep").unwrap();
    let mut image = Image::prepare("", &RgbImage::new(SIDE as u32, SIDE as u32), &preprocess).unwrap();
    let channel = |i: usize| i / (SIDE * SIDE);
    let pixel = |(i, &x): (usize, &f32)| x * preprocess.std[channel(i)] + preprocess.mean[channel(i)];
    image.hash = index.to_string();
    image.pixels = normalised.iter().enumerate().map(pixel).collect();
    image
}

/// The two maps of a name.
pub fn maps(name: &str) -> Vec<Map> {
    let maps = golden(name);
    maps.data.chunks(SIDE * SIDE).map(|map| Map::from_plane([SIDE, SIDE], map.to_vec()).unwrap()).collect()
}

/// A grey ramp of any size.
pub fn ramp([height, width]: [usize; 2]) -> Image {
    let preprocess = Preprocess::preset("imagenet-keep").unwrap();
    let grey = |x, y| image::Rgb([(x * 3 + y) as u8; 3]);
    Image::prepare("", &RgbImage::from_fn(width as u32, height as u32, grey), &preprocess).unwrap()
}

pub fn tests(specs: &[&str]) -> Vec<ParsedTest> {
    specs.iter().map(|spec| ParsedTest::parse(spec, &[TESTS]).unwrap()).collect()
}

/// How the images are prepared.
pub fn keep() -> Arc<Preprocess> {
    Arc::new(Preprocess::preset("imagenet-keep").unwrap())
}

/// A job for each of `(image, map, class)`; the images' hashes are their indices.
pub fn jobs(asked: &[(usize, Map, Option<usize>)], specs: &[&str]) -> Vec<Job<usize>> {
    jobs_of(asked, &tests(specs))
}

/// The same with tests that are not in the list.
pub fn jobs_of(asked: &[(usize, Map, Option<usize>)], tests: &[ParsedTest]) -> Vec<Job<usize>> {
    let images = images();
    let image = |i: usize| HostImage::new(&images[i], &keep(), tests, 0).unwrap();
    let subjects: Vec<Arc<HostImage>> = (0..images.len()).map(|i| Arc::new(image(i))).collect();
    let job = |(tag, (image, map, target)): (usize, &(usize, Map, Option<usize>))| {
        let image = Arc::clone(&subjects[*image]);
        let plan = Plan::new(map, &image, tests);
        Job { image, plan, target: *target, tag, keep: None }
    };
    asked.iter().enumerate().map(job).collect()
}

/// Runs jobs; for each its curves, and the number of inputs that were computed.
pub fn run(classifier: &Classifier, batch: usize, jobs: Vec<Job<usize>>) -> (Vec<Vec<Vec<CurvePoint>>>, u64) {
    let mut executor = Executor::new(classifier, |_| batch);
    let mut outcomes = Vec::new();
    for job in jobs {
        executor.push(job).unwrap();
        outcomes.extend(std::iter::from_fn(|| executor.pop()));
    }
    executor.flush();
    outcomes.extend(std::iter::from_fn(|| executor.pop()));
    assert!(outcomes.iter().map(|outcome| outcome.tag).eq(0..outcomes.len()));
    let defined = |curve: Curve| curve.unwrap_or_else(|why| panic!("{why}"));
    let curves = |outcome: MapResult<usize>| outcome.curves.unwrap().into_iter().map(defined).collect();
    (outcomes.into_iter().map(curves).collect(), executor.forwards())
}

/// The curves of the two images with their own classes: `[image][test][point]`.
pub fn curves(classifier: &Classifier, maps: &[Map], specs: &[&str]) -> Vec<Vec<Vec<CurvePoint>>> {
    let asked: Vec<_> = (0..2).map(|i| (i, maps[i].clone(), Some(CLASSES[i]))).collect();
    run(classifier, 32, jobs(&asked, specs)).0
}

pub fn probabilities(curve: &[CurvePoint]) -> Vec<f32> {
    curve.iter().map(|answer| answer.probability).collect()
}
