//! Maps against Captum and pytorch-grad-cam (`testdata/attribution/generate.py`).

use attribution::{Question, parse};
use models::zoo::resnet::{Block, ResNet};
use models::{Checkpoint, Classifier, Network, Preprocess, Tensor, TensorData, device};
use testing::{Tolerance, golden, testdata};

/// f32 against float64 references; a ReLU near its kink may fall on the other side.
const CLOSE: Tolerance = Tolerance::new(f64::INFINITY, 5e-4);
const NETWORKS: [(&str, &str, Block); 2] =
    [("tiny_basic", "pth", Block::Basic), ("tiny_bottleneck", "safetensors", Block::Bottleneck)];

fn classifier(name: &str, extension: &str, block: Block, keep: &[String]) -> Classifier {
    let graph = ResNet { block, layers: [1; 4], width: 8, v1: false }.graph(10);
    let checkpoint = Checkpoint::open(&testdata(format!("models/{name}.{extension}"))).unwrap();
    let device = device::cpu().device;
    let network = Network::load(graph, &checkpoint, &device).unwrap().fold_batch_norm(keep).pack();
    Classifier {
        name: name.into(),
        preprocess: Preprocess::preset("none").unwrap(),
        labels: Vec::new(),
        layer: network.graph().last_feature_map([3, 64, 64]).unwrap(),
        sha256: checkpoint.sha256().into(),
        device,
        network,
    }
}

/// The maps of a spec for both pictures, `(2, c, 64, 64)`.
fn maps(spec: &str, classifier: &Classifier, batch_size: usize) -> Tensor<4> {
    let input = golden::array("models/input.npy");
    let images = TensorData::new(input.data, [2, 3, 64, 64]);
    let question = Question {
        classifier,
        images: Tensor::from_data(images, &classifier.device),
        targets: &[3, 7],
        names: &["a".into(), "b".into()],
        seed: 0,
        batch_size,
    };
    let named = parse(spec).unwrap();
    named.method.check(classifier).unwrap();
    named.method.explain(&question)
}

fn numbers(x: Tensor<4>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap()
}

fn check(golden_name: &str, spec: &str, networks: &[usize]) {
    for &(name, extension, block) in networks.iter().map(|&i| &NETWORKS[i]) {
        let keep: Vec<String> = parse(spec).unwrap().method.layer().map(str::to_string).into_iter().collect();
        let actual = numbers(maps(spec, &classifier(name, extension, block, &keep), 8));
        let expected = golden::array(format!("attribution/{name}/{golden_name}.npy"));
        let result = testing::compare::close(&actual, &expected.data, CLOSE);
        result.unwrap_or_else(|error| panic!("{spec} on {name}: {error}"));
    }
}

#[test]
fn gradients_equal_captum() {
    check("gradient", "gradient", &[0, 1]);
    check("input_x_gradient", "input-x-gradient", &[0, 1]);
    check("guided_backprop", "guided-backprop", &[0, 1]);
}

#[test]
fn integrated_gradients_equal_captum() {
    check("integrated_gradients_gausslegendre", "integrated-gradients", &[0, 1]);
    check("integrated_gradients_riemann_right", "integrated-gradients:rule=right", &[1]);
}

#[test]
fn cams_equal_pytorch_grad_cam() {
    check("gradcam_up", "gradcam", &[0, 1]);
    check("layercam_layer4_up", "layercam", &[0, 1]);
}

#[test]
fn occlusion_equals_captum() {
    check("occlusion_window8_stride8", "occlusion", &[0, 1]);
    check("occlusion_window16_stride8", "occlusion:window=16,stride=8", &[0, 1]);
}

const ALL: [&str; 10] = [
    "random",
    "gradient",
    "input-x-gradient",
    "smoothgrad:samples=5",
    "integrated-gradients:steps=5",
    "guided-backprop",
    "gradcam",
    "layercam:layer=layer3",
    "occlusion:window=32",
    "rise:masks=9",
];

#[test]
fn maps_do_not_depend_on_the_batch_size() {
    let (name, extension, block) = NETWORKS[1];
    let classifier = classifier(name, extension, block, &[]);
    for spec in ALL {
        let expected = numbers(maps(spec, &classifier, 64));
        for size in [1, 3] {
            assert_eq!(numbers(maps(spec, &classifier, size)), expected, "{spec}, batches of {size}");
        }
    }
}

#[test]
fn maps_do_not_depend_on_the_other_pictures() {
    let (name, extension, block) = NETWORKS[0];
    let classifier = classifier(name, extension, block, &[]);
    let input = golden::array("models/input.npy").data;
    for spec in ALL {
        let together = numbers(maps(spec, &classifier, 64));
        let second = TensorData::new(input[input.len() / 2..].to_vec(), [1, 3, 64, 64]);
        let question = Question {
            classifier: &classifier,
            images: Tensor::from_data(second, &classifier.device),
            targets: &[7],
            names: &["b".into()],
            seed: 0,
            batch_size: 64,
        };
        let alone = numbers(parse(spec).unwrap().method.explain(&question));
        assert_eq!(alone, together[together.len() / 2..], "{spec}");
    }
}

#[test]
fn layers_that_are_not_there_are_errors() {
    let (name, extension, block) = NETWORKS[0];
    let classifier = classifier(name, extension, block, &[]);
    for (layer, reason) in [("layer9", "it has no layer `layer9`"), ("fc", "layer `fc` has no feature maps")]
    {
        let named = parse(&format!("gradcam:layer={layer}")).unwrap();
        let error = named.method.check(&classifier).unwrap_err().to_string();
        assert_eq!(error, format!("gradcam does not fit tiny_basic: {reason}"));
    }
}
