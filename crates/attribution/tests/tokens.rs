//! Transformers that differ in their tokens, against the papers' formulas (`testdata/attribution/generate_tokens.py`): what the
//! head reads decides which row of the attention is the map, and the patches lie on the grid of their convolution.

mod tiny;

use attribution::{Context, Error, METHODS, Request, parse};
use models::network::Weight;
use models::resize::Resample;
use models::zoo::Options;
use models::{Classifier, Graph, Network, Op, Preprocess, Tensor, TensorData, device};
use testing::{Tolerance, golden, testdata};
use tiny::numbers;

const NETWORKS: [&str; 6] = ["registers_mean", "distilled", "class_and_mean", "wide", "behind", "cut"];

/// f32 against float64 references.
const CLOSE: Tolerance = Tolerance::new(f64::INFINITY, 5e-4);

/// In the order of the references.
const SPECS: [&str; 6] = ["attention", "rollout", "gradient-rollout", "attention-gradcam", "gae", "gradcam"];

fn open(name: &str) -> Classifier {
    let path = testdata(format!("attribution/tokens/{name}.onnx"));
    let preprocess = Preprocess {
        crop: Some(if matches!(name, "wide" | "cut") { [8, 16] } else { [16, 16] }),
        ..Preprocess::preset("none").unwrap()
    };
    let options = Options { preprocess: Some(preprocess), ..Options::default() };
    onnx::load(&path, &device::cpu().device, options).unwrap().0
}

/// The upper part of the images of `testdata/onnx`.
fn images(classifier: &Classifier) -> Tensor<4> {
    let array = golden::array("onnx/input.npy");
    let images: Tensor<4> =
        Tensor::from_data(TensorData::new(array.data, [2, 3, 16, 16]), &device::cpu().device);
    let [_, h, _] = classifier.network.graph().input;
    images.narrow(2, 0, h)
}

/// Maps of the class with the largest score.
fn explain(spec: &str, classifier: &Classifier, batch_size: usize) -> Tensor<4> {
    let images = images(classifier);
    let best = classifier.logits(images.clone()).argmax(1).into_data();
    let targets: Vec<usize> = best.iter::<i64>().map(|class| class as usize).collect();
    let request = Request { images, targets: &targets, ..tiny::request(batch_size) };
    tiny::explain(spec, classifier, &request).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn methods_read_the_row_that_the_scores_read() {
    for name in NETWORKS {
        let classifier = open(name);
        let [_, h, w] = classifier.network.graph().input;
        let array = golden::array(format!("attribution/tokens/{name}.npy"));
        let [specs, n, rows, columns]: [usize; 4] = array.shape.try_into().unwrap();
        let all = Tensor::<5>::from_data(
            TensorData::new(array.data, [specs, n, 1, rows, columns]),
            &classifier.device,
        );
        for (i, spec) in SPECS.iter().enumerate() {
            let small: Tensor<4> = all.clone().narrow(0, i, 1).squeeze_dim(0);
            let expected = numbers(Resample::BILINEAR.resize(small, h, w));
            let result = testing::compare::close(&numbers(explain(spec, &classifier, 8)), &expected, CLOSE);
            result.unwrap_or_else(|error| panic!("{spec} of {name}: {error}"));
        }
    }
}

#[test]
fn every_method_on_tokens_gives_maps_that_do_not_depend_on_the_batch() {
    let specs = [
        "t-attr",
        "partial-lrp",
        "iia:steps=2",
        "attn-lrp",
        "layercam",
        "eigencam",
        "ablation-cam",
        "act-ig:steps=2",
    ];
    for name in NETWORKS {
        let classifier = open(name);
        for spec in specs.iter().chain(&SPECS) {
            let all = numbers(explain(spec, &classifier, 8));
            assert!(all.iter().all(|value| value.is_finite()), "{spec} of {name}");
            assert!(numbers(explain(spec, &classifier, 1)) == all, "{spec} of {name}, one by one");
        }
    }
}

/// `parts` windows of 8 tokens, or all 16, of which `asking` ask.
fn windows(parts: usize, asking: usize) -> Classifier {
    let (tokens, dim) = (16 / parts, 12);
    let mut graph = Graph::new([3, 8, 8]);
    let reshape = |shape: &[usize]| Op::Reshape {
        shape: std::iter::once(None).chain(shape.iter().copied().map(Some)).collect(),
    };
    let flat = graph.push("flatten", Op::Flatten, &[Graph::INPUT]);
    let x = graph.push("windows", reshape(&[tokens, 2, dim / 2]), &[flat]);
    let q = graph.push("q", Op::Permute { axes: vec![0, 2, 1, 3] }, &[x]);
    let k = graph.push("k", Op::Permute { axes: vec![0, 2, 3, 1] }, &[x]);
    let slice = Op::Slice { axis: 2, start: 0, end: asking, step: 1 };
    let asked = graph.push("asked", slice, &[q]);
    let scores = graph.push("scores", Op::MatMul, &[asked, k]);
    let attention = graph.push("softmax", Op::Softmax { axis: 3 }, &[scores]);
    let y = graph.push("values", Op::MatMul, &[attention, q]);
    let y = graph.push("join", Op::Reshape { shape: vec![None, Some(parts * asking * dim)] }, &[y]);
    let weight = graph.parameter("fc.weight", &[2, parts * asking * dim]);
    graph.push("fc", Op::Linear { weight, bias: None }, &[y]);
    let weight = tiny::wave(2 * parts * asking * dim, 0.3);
    let weight = Weight::new(TensorData::new(weight, [2, parts * asking * dim]), &device::cpu().device);
    tiny::classifier("windows", Network::new(graph, vec![weight]), Graph::INPUT)
}

#[test]
fn attention_that_is_not_between_all_tokens_is_refused_in_one_line() {
    let specs = [
        "attention",
        "rollout",
        "gradient-rollout",
        "attention-gradcam",
        "gae",
        "t-attr:start=0",
        "partial-lrp",
    ];
    for (classifier, reason) in [
        (
            windows(2, 8),
            "its attention `softmax` is within windows (4 of 8 tokens, heads counted), not between all tokens",
        ),
        (windows(1, 2), "its attention `softmax` goes from 2 tokens to 16, not between all tokens"),
        (windows(1, 16), "its scores mix tokens in `join` (reshape)"),
    ] {
        for spec in specs {
            let error = tiny::check(spec, &classifier).unwrap_err().to_string();
            assert!(error.contains(reason) && error.lines().count() == 1, "{spec}: {error}");
        }
    }
}
