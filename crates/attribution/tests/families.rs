//! Methods on other families than ResNets, against Captum (`testdata/attribution/generate.py`): layers in a row,
//! and joined channels with BatchNorm before its convolution.

mod tiny;

use attribution::{Question, parse};
use models::resize::Resample;
use models::zoo::densenet::DenseNet;
use models::zoo::vgg::Vgg;
use models::{Checkpoint, Classifier, Graph, Network, Tensor, TensorData, device};
use testing::{Tolerance, golden, testdata};
use tiny::{TARGETS, numbers};

/// f32 against float64 references; a ReLU near its kink may fall on the other side.
const CLOSE: Tolerance = Tolerance::new(f64::INFINITY, 5e-4);

fn networks() -> [Classifier; 2] {
    let vgg = Vgg { stages: [1, 1, 2, 2, 2], norm: true, width: 2, hidden: 8 }.graph(10);
    let densenet = DenseNet { growth: 4, blocks: [2, 2, 2, 1], stem: 8 }.graph(10);
    [classifier("vgg", vgg), classifier("densenet", densenet)]
}

fn classifier(name: &str, graph: Graph) -> Classifier {
    let path = testdata(format!("models/zoo/{name}/weights.safetensors"));
    let device = device::cpu().device;
    let network = Network::load(graph, &Checkpoint::open(&path).unwrap(), &device).unwrap();
    let network = network.fold_batch_norm(&[]).pack();
    let layer = network.graph().auto_layer().unwrap();
    tiny::classifier(name, network, layer)
}

fn explain(spec: &str, classifier: &Classifier) -> Tensor<4> {
    let question = Question {
        classifier,
        images: tiny::pictures(),
        targets: &TARGETS,
        names: &tiny::names(),
        seed: 0,
        batch_size: 8,
    };
    parse(spec).unwrap().method.explain(&question)
}

fn golden(classifier: &Classifier, name: &str) -> Tensor<4> {
    let array = golden::array(format!("attribution/{}/{name}.npy", classifier.name));
    let shape = [array.shape[0], 1, array.shape[1], array.shape[2]];
    Tensor::from_data(TensorData::new(array.data, shape), &classifier.device)
}

fn assert_equal(classifier: &Classifier, map: Tensor<4>, expected: Tensor<4>) {
    let close = testing::compare::close(&numbers(map), &numbers(expected), CLOSE);
    close.unwrap_or_else(|error| panic!("{}: {error}", classifier.name));
}

#[test]
fn gradcam_of_the_automatic_layer_equals_captum() {
    for classifier in networks() {
        let expected = Resample::BILINEAR.resize(golden(&classifier, "gradcam"), 64, 64);
        assert_equal(&classifier, explain("gradcam", &classifier), expected);
    }
}

/// Of the first picture, summed over its channels.
#[test]
fn integrated_gradients_equal_captum() {
    for classifier in networks() {
        let map = explain("integrated-gradients", &classifier).narrow(0, 0, 1).sum_dim(1);
        let expected = golden(&classifier, "integrated_gradients");
        assert_equal(&classifier, map, expected);
    }
}
