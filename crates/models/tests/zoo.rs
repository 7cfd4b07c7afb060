//! The architecture families: small members against torchvision and timm (`testdata/models/generate.py`), and what is
//! published about the full ones.

mod engines;
mod outputs;

use models::zoo::alexnet::AlexNet;
use models::zoo::binary_cnn::BinaryCnn;
use models::zoo::densenet::DenseNet;
use models::zoo::efficientnet_lite::{self, EfficientNetLite};
use models::zoo::mobilenet_v2::MobileNetV2;
use models::zoo::mobilenet_v3::{MobileNetV3, Row};
use models::zoo::squeezenet::SqueezeNet;
use models::zoo::vgg::Vgg;
use models::zoo::{self, Options};
use models::{Checkpoint, Graph, Network, device};
use testing::{Tolerance, assert_close, golden, testdata};

/// f32 arithmetic against float64 references.
const CLOSE: Tolerance = Tolerance::new(1e-3, 1e-5);

fn checkpoint(name: &str) -> Checkpoint {
    Checkpoint::open(&testdata(format!("models/zoo/{name}/weights.safetensors"))).unwrap()
}

/// Loads, runs, and compares logits and three features, with BatchNorm apart and folded.
fn check(name: &str, graph: Graph) {
    let plain = Network::load(graph, &checkpoint(name), &device::cpu().device).unwrap();
    engines::assert_agree(&plain.fold_batch_norm(&[]), outputs::tensor("models/input.npy"));
    for network in [plain.fold_batch_norm(&[]).pack(), plain.fold_batch_norm(&[]), plain] {
        let input = outputs::tensor("models/input.npy");
        let folder = testdata(format!("models/zoo/{name}"));
        outputs::assert_alone(&network, input.clone());
        assert_eq!(
            outputs::assert_equal(&network, input, &folder, CLOSE).len(),
            4,
            "three layers and the scores"
        );
    }
}

fn densenet() -> DenseNet {
    DenseNet { growth: 4, blocks: [2, 2, 2, 1], stem: 8 }
}

fn efficientnet_lite() -> EfficientNetLite {
    let stage = |kernel, stride, expand, channels| efficientnet_lite::Stage {
        blocks: if stride == 1 { 1 } else { 2 },
        kernel,
        stride,
        expand,
        channels,
    };
    let stages = vec![stage(3, 1, 1, 4), stage(3, 2, 6, 4), stage(5, 2, 6, 8)];
    EfficientNetLite { side: 64, stem: 4, stages, head: 16 }
}

#[test]
fn alexnet_equals_torchvision() {
    check("alexnet", AlexNet { width: 2, hidden: 8 }.graph(10));
}

#[test]
fn vgg_equals_torchvision() {
    check("vgg", Vgg { stages: [1, 1, 2, 2, 2], norm: true, width: 2, hidden: 8 }.graph(10));
}

#[test]
fn squeezenet_equals_torchvision() {
    check("squeezenet1_0", SqueezeNet { v1_1: false, width: 1 }.graph(10));
    check("squeezenet1_1", SqueezeNet { v1_1: true, width: 1 }.graph(10));
}

#[test]
fn densenet_equals_torchvision() {
    check("densenet", densenet().graph(10));
}

#[test]
fn mobilenet_v2_equals_torchvision() {
    let stages = vec![[1, 4, 1, 1], [6, 4, 2, 2], [6, 8, 2, 2]];
    check("mobilenet_v2", MobileNetV2 { stem: 4, stages, head: 16 }.graph(10));
}

#[test]
fn mobilenet_v3_equals_torchvision() {
    let row = |kernel, expanded, channels, squeeze, swish, stride| Row {
        kernel,
        expanded,
        channels,
        squeeze,
        swish,
        stride,
    };
    let rows =
        vec![row(3, 8, 8, true, false, 2), row(5, 24, 8, false, true, 1), row(3, 40, 16, true, true, 2)];
    check("mobilenet_v3", MobileNetV3 { stem: 8, rows, hidden: 16 }.graph(10));
}

#[test]
fn efficientnet_lite_equals_timm() {
    check("efficientnet_lite", efficientnet_lite().graph(10));
}

#[test]
fn the_binary_network_equals_pytorch() {
    check("binary_cnn", BinaryCnn { side: 64, width: 2 }.graph(2));
}

#[test]
fn tensorflows_padding_of_odd_sizes_equals_timm() {
    let network =
        Network::load(efficientnet_lite().graph(10), &checkpoint("efficientnet_lite"), &device::cpu().device);
    let x = outputs::tensor("models/input.npy").narrow(2, 0, 61).narrow(3, 0, 57);
    let logits: Vec<f32> = network.unwrap().logits(x).into_data().try_into_vec().unwrap();
    assert_close(&logits, &golden::array("models/zoo/efficientnet_lite/logits_61x57.npy").data, CLOSE);
}

#[test]
fn densenet_files_with_old_names_are_read() {
    let old = |name: &str| {
        ["norm1", "norm2", "conv1", "conv2"].iter().fold(name.to_string(), |name, part| {
            let (kind, i) = part.split_at(4);
            name.replace(&format!(".{part}."), &format!(".{kind}.{i}."))
        })
    };
    let device = device::cpu().device;
    let new = checkpoint("densenet");
    let load = |checkpoint: &Checkpoint| {
        densenet().architecture("tiny").load(checkpoint, &device, Options::default())
    };
    let renamed = new.renamed(old).unwrap();
    assert!(renamed.shape("features.denseblock1.denselayer1.norm.1.weight").is_some());
    for classifier in [load(&new).unwrap(), load(&renamed).unwrap()] {
        assert_eq!(classifier.network.classes(), 10);
        assert_eq!(classifier.network.graph().nodes[classifier.layer].name, "features.norm5");
        let folder = testdata("models/zoo/densenet");
        outputs::assert_equal(&classifier.network, outputs::tensor("models/input.npy"), &folder, CLOSE);
    }
}

#[test]
fn two_tensors_of_one_name_are_an_error() {
    let error = checkpoint("densenet").renamed(|_| "same".into()).unwrap_err().to_string();
    assert!(error.contains("densenet/weights.safetensors"), "{error}");
    assert!(error.ends_with("has same twice, once as classifier.weight"), "{error}");
}

/// Trained parameters of each, as PyTorch counts them.
const PARAMETERS: [(&str, usize); 29] = [
    ("resnet18", 11_689_512),
    ("resnet34", 21_797_672),
    ("resnet50", 25_557_032),
    ("resnet101", 44_549_160),
    ("resnet152", 60_192_808),
    ("alexnet", 61_100_840),
    ("vgg11", 132_863_336),
    ("vgg13", 133_047_848),
    ("vgg16", 138_357_544),
    ("vgg19", 143_667_240),
    ("vgg11-bn", 132_868_840),
    ("vgg13-bn", 133_053_736),
    ("vgg16-bn", 138_365_992),
    ("vgg19-bn", 143_678_248),
    ("squeezenet1.0", 1_248_424),
    ("squeezenet1.1", 1_235_496),
    ("densenet121", 7_978_856),
    ("densenet161", 28_681_000),
    ("densenet169", 14_149_480),
    ("densenet201", 20_013_928),
    ("mobilenet-v2", 3_504_872),
    ("mobilenet-v3-large", 5_483_032),
    ("mobilenet-v3-small", 2_542_856),
    ("efficientnet-lite0", 4_652_008),
    ("efficientnet-lite1", 5_416_680),
    ("efficientnet-lite2", 6_092_072),
    ("efficientnet-lite3", 8_197_096),
    ("efficientnet-lite4", 13_006_568),
    ("binary-cnn", 1_705_522),
];

#[test]
fn the_numbers_of_parameters_are_the_published_ones() {
    for (name, expected) in PARAMETERS {
        let classes = if name == "binary-cnn" { 2 } else { 1000 };
        let graph = (zoo::architecture(name).unwrap().build)(classes);
        let statistics = |name: &str| name.ends_with("running_mean") || name.ends_with("running_var");
        let trained = graph.parameters.iter().filter(|parameter| !statistics(&parameter.name));
        let count: usize = trained.map(|parameter| parameter.shape.iter().product::<usize>()).sum();
        assert_eq!(count, expected, "{name}");
    }
}

#[test]
fn the_automatic_layer_is_the_usual_one() {
    for (name, layer, shape) in [
        ("resnet18", "layer4.1.relu", [512, 7, 7]),
        ("resnet50", "layer4.2.relu", [2048, 7, 7]),
        ("cifar-resnet56", "layer3.8.relu", [64, 8, 8]),
        ("alexnet", "features.12", [256, 6, 6]),
        ("vgg16", "features.30", [512, 7, 7]),
        ("vgg19", "features.36", [512, 7, 7]),
        ("vgg16-bn", "features.43", [512, 7, 7]),
        ("squeezenet1.0", "features.12.cat", [512, 13, 13]),
        ("squeezenet1.1", "features.12.cat", [512, 13, 13]),
        ("densenet121", "features.norm5", [1024, 7, 7]),
        ("densenet201", "features.norm5", [1920, 7, 7]),
        ("mobilenet-v2", "features.18.2", [1280, 7, 7]),
        ("mobilenet-v3-large", "features.16.2", [960, 7, 7]),
        ("mobilenet-v3-small", "features.12.2", [576, 7, 7]),
        ("efficientnet-lite0", "bn2.act", [1280, 7, 7]),
        ("efficientnet-lite4", "bn2.act", [1280, 12, 12]),
        ("binary-cnn", "pool3", [128, 14, 14]),
    ] {
        let graph = (zoo::architecture(name).unwrap().build)(2);
        let auto = graph.auto_layer().unwrap();
        assert_eq!(graph.nodes[auto].name, layer, "{name}");
        assert_eq!(graph.shapes(graph.input).unwrap()[auto][1..], shape, "{name}");
    }
}

#[test]
fn every_architecture_fits_its_own_input_and_preset() {
    for architecture in zoo::architectures() {
        let name = &architecture.name;
        let graph = (architecture.build)(7);
        assert_eq!(graph.input, architecture.input, "{name}");
        assert_eq!(graph.classes().unwrap_or_else(|error| panic!("{name}: {error}")), 7);
        let head = graph.parameters.iter().find(|parameter| parameter.name == architecture.head);
        assert_eq!(head.unwrap_or_else(|| panic!("{name} has no {}", architecture.head)).shape[0], 7);
        let preset = models::Preprocess::preset(architecture.preprocess).unwrap();
        let [_, h, w] = architecture.input;
        assert!(preset.crop.is_none_or(|crop| crop == [h, w]), "{name}: {:?}", preset.crop);
    }
}
