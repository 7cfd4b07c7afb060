//! Maps for given baselines, against `testdata/explainers/bee/generate.py`.

use models::resize::Resample;
use models::zoo::vit::ViT;
use models::{Tensor, TensorData, s};
use testing::{Tolerance, compare, golden};

use super::arms::blur::blurred;
use super::space::attention::Matrices;
use super::space::features::Features;
use super::space::pixels::{Pixels, Way};
use super::space::{Paths, Psi, Space, maps};
use crate::small::tiny::{self, TARGETS};
use crate::small::{Context, Request};

fn array(name: &str) -> Tensor<4> {
    let array = golden::array(format!("explainers/bee/{name}.npy"));
    let shape: [usize; 4] = array.shape.try_into().unwrap();
    Tensor::from_data(TensorData::new(array.data, shape), &models::device::cpu().device)
}

fn check(name: &str, found: Tensor<4>, relative: f64) {
    let expected = array(name);
    assert_eq!(found.dims(), expected.dims(), "{name}");
    let close = compare::close(
        &tiny::numbers(found),
        &tiny::numbers(expected),
        Tolerance::new(f64::INFINITY, relative),
    );
    close.unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// The rows and columns that are kept.
fn kept(maps: Tensor<4>) -> Tensor<4> {
    maps.slice(s![.., .., ..;5, ..;3])
}

/// Three paths, the last of two baselines, in batches that cut through them.
#[test]
fn maps_at_a_layer_equal_the_formula() {
    let classifier = tiny::resnet("tiny_basic", &[]);
    let context = Context::new(&classifier).unwrap();
    let layer = classifier.network.graph().find("layer3").unwrap();
    let baselines = array("layer3.baselines");
    let paths: Vec<Paths> = [(0, vec![0]), (1, vec![1]), (0, vec![1, 2])]
        .map(|(image, of)| Paths { image, baselines: baselines.clone(), rows: of })
        .into();
    for (name, how) in [
        ("product", (10, Psi::Product, true)),
        ("product.flat", (10, Psi::Product, false)),
        ("published", (4, Psi::Relu, false)),
        ("gradient", (7, Psi::Gradient, true)),
    ] {
        let mut features = Features::new("nbee", &context, layer, how).unwrap();
        let mut found = Vec::new();
        for batch_size in [1, 7, 64] {
            features.take(&tiny::request(batch_size));
            let small = maps(&features, &paths, &TARGETS, batch_size);
            found.push(tiny::numbers(small.clone()));
            check(&format!("tiny_basic.{name}"), kept(Resample::BICUBIC.resize(small, 64, 64)), 1e-5);
        }
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{name}");
    }
}

#[test]
fn maps_of_attention_equal_the_formula() {
    let classifier = vit();
    let context = Context::new(&classifier).unwrap();
    let baselines = array("attention.baselines");
    let path = |image| Paths { image, baselines: baselines.clone(), rows: vec![image] };
    let paths = [path(0), path(1)];
    for (name, psi) in [("product", Psi::Product), ("relu", Psi::Relu)] {
        let attention = attribution::attention::Attention::new("nbee", &context).unwrap();
        let last = *attention.nodes.last().unwrap();
        let mut matrices = Matrices::new("nbee", &classifier, attention, last, (10, psi, true)).unwrap();
        matrices.take(&tiny::request(3));
        check(&format!("tiny_vit.{name}"), maps(&matrices, &paths, &TARGETS, 3), 1e-5);
    }
}

fn vit() -> models::Classifier {
    let graph = ViT { side: 64, hidden: 24, ..ViT::new(12, 2, 3) }.graph(10);
    let path = testing::testdata("models/tiny_vit.safetensors");
    let checkpoint = models::Checkpoint::open(&path).unwrap();
    let network = models::Network::load(graph, &checkpoint, &models::device::cpu().device).unwrap().pack();
    let layer = network.graph().auto_layer().unwrap();
    tiny::classifier("tiny_vit", network, layer)
}

#[test]
fn maps_from_baseline_images_equal_the_formulas_and_pairs_guided_one() {
    let classifier = tiny::resnet("tiny_basic", &[]);
    let given = tiny::given(2);
    let path = |image| Paths { image, baselines: given.clone(), rows: vec![image] };
    let paths = [path(0), path(1)];
    // Differences of blurs are small ones of large numbers, and a guided path turns on the order of gradients.
    for (name, way, tolerance) in
        [("straight", Way::Straight, 1e-5), ("blurred", Way::Blurred, 5e-4), ("guided", Way::Guided, 5e-4)]
    {
        let mut pixels = Pixels::new(&classifier, way, 10);
        pixels.take(&tiny::request(4));
        check(&format!("tiny_basic.{name}"), kept(maps(&pixels, &paths, &TARGETS, 4)), tolerance);
    }
}

/// Invariant 18: where the baseline is the image itself there is no way, and no map.
#[test]
fn a_baseline_that_is_the_value_gives_a_zero_map() {
    let classifier = tiny::resnet("tiny_basic", &[]);
    let context = Context::new(&classifier).unwrap();
    let request = tiny::request(8);
    let mut features = Features::new("nbee", &context, classifier.layer, (3, Psi::Product, true)).unwrap();
    let mut pixels = Pixels::new(&classifier, Way::Straight, 3);
    for space in [&mut features as &mut dyn Space, &mut pixels] {
        let values = space.take(&request);
        let path = |image| Paths { image, baselines: values.clone(), rows: vec![image] };
        let found = tiny::numbers(maps(space, &[path(0), path(1)], &TARGETS, 8));
        assert!(found.iter().all(|value| *value == 0.0), "{}", space.name());
    }
}

/// Invariant 18: a tail that is linear has the same gradient everywhere, so the number of points does not matter to the gradient alone.
#[test]
fn behind_a_layer_with_a_linear_tail_points_do_not_matter() {
    let classifier = tiny::cam(&tiny::wave(108, 0.23), &tiny::wave(8, 3.1));
    let context = Context::new(&classifier).unwrap();
    let (images, keys) = (tiny::image(8), ["a".to_owned()]);
    let request = Request { images, targets: &[1], keys: &keys, seed: 0, batch_size: 8, baselines: None };
    let map = |steps| {
        let how = (steps, Psi::Gradient, true);
        let mut features = Features::new("nbee", &context, classifier.layer, how).unwrap();
        let values = features.take(&request);
        let path = Paths { image: 0, baselines: values.zeros_like(), rows: vec![0] };
        tiny::numbers(maps(&features, &[path], &[1], 8))
    };
    testing::assert_close(&map(1), &map(9), Tolerance::new(1e-6, 1e-5));
}

#[test]
fn blurs_are_scipys() {
    let all = array("blur");
    for (at, sigma) in [(1, 1.7), (2, 30.0)] {
        let found = tiny::numbers(blurred(all.clone().narrow(0, 0, 1), sigma));
        let expected = tiny::numbers(all.clone().narrow(0, at, 1));
        testing::assert_close(&found, &expected, Tolerance::new(1e-6, 1e-5));
    }
}
