//! Networks and resizing against PyTorch (`testdata/models/generate.py`).

mod engines;

use models::network::Taps;
use models::network::guided::Guided;
use models::resize::Resample;
use models::zoo;
use models::zoo::cifar_resnet::CifarResNet;
use models::zoo::convnext::ConvNeXt;
use models::zoo::resnet::{Block, ResNet};
use models::zoo::vit::ViT;
use models::{Checkpoint, Device, Graph, Hooks, Network, NodeId, Plain, Tensor, TensorData, Value, device};
use testing::{Tolerance, assert_close, golden, testdata};

/// f32 arithmetic against float64 references.
const CLOSE: Tolerance = Tolerance::new(1e-4, 1e-5);

fn cpu() -> Device {
    device::cpu().device
}

fn tensor(name: &str) -> Tensor<4> {
    let array = golden::array(name);
    let shape: [usize; 4] = array.shape.try_into().expect("four axes");
    Tensor::from_data(TensorData::new(array.data, shape), &cpu())
}

fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap()
}

/// The numbers of a value of any rank.
fn flat(value: Value) -> Vec<f32> {
    let count = value.shape().iter().product();
    numbers(value.reshape(&[count]).tensor::<1>())
}

/// Loads, runs, and compares logits and named features, with BatchNorm apart and folded.
fn check(weights: &str, name: &str, graph: Graph, input: &str, features: &[&str]) {
    let checkpoint = Checkpoint::open(&testdata(format!("models/{weights}"))).unwrap();
    let plain = Network::load(graph, &checkpoint, &cpu()).unwrap();
    engines::assert_agree(&plain.fold_batch_norm(&[]), tensor(&format!("models/{input}.npy")));
    for network in [plain.fold_batch_norm(&[]).pack(), plain.fold_batch_norm(&[]), plain] {
        let graph = network.graph();
        let mut fetches: Vec<usize> = features.iter().map(|layer| graph.find(layer).unwrap()).collect();
        fetches.push(graph.output());
        let x = Value::new(tensor(&format!("models/{input}.npy")));
        let mut values = network.run(vec![(Graph::INPUT, x)], &fetches, &mut Plain);
        let logits = numbers(values.pop().unwrap().tensor::<2>());
        assert_close(&logits, &golden::array(format!("models/{name}.logits.npy")).data, CLOSE);
        for (layer, value) in features.iter().zip(values) {
            let expected = golden::array(format!("models/{name}.{layer}.npy"));
            assert_close(&numbers(value.tensor::<4>()), &expected.data, CLOSE);
        }
    }
}

fn tiny(block: Block, v1: bool) -> Graph {
    ResNet { block, layers: [1; 4], width: 8, v1 }.graph(10)
}

#[test]
fn torchvision_basic_blocks_from_pth() {
    check(
        "tiny_basic.pth",
        "tiny_basic",
        tiny(Block::Basic, false),
        "input",
        &["layer1", "layer2", "layer4"],
    );
}

#[test]
fn torchvision_bottlenecks_from_safetensors() {
    let features = ["layer1", "layer2", "layer4"];
    check(
        "tiny_bottleneck.safetensors",
        "tiny_bottleneck",
        tiny(Block::Bottleneck, false),
        "input",
        &features,
    );
}

#[test]
fn bottlenecks_with_the_stride_in_the_first_convolution() {
    let graph = tiny(Block::Bottleneck, true);
    check("tiny_bottleneck.safetensors", "tiny_bottleneck_v1", graph, "input", &["layer2", "layer4"]);
}

#[test]
fn cifar_resnet_with_option_a_shortcuts() {
    let graph = || CifarResNet { blocks: 1, width: 8, stem_stride: 1 }.graph(10);
    check("tiny_cifar.safetensors", "tiny_cifar", graph(), "input_cifar", &["layer2", "layer3"]);
    check("tiny_cifar_f16.safetensors", "tiny_cifar_f16", graph(), "input_cifar", &[]);
}

/// `NAME` of `testdata/models/tiny_transformers.py`.
fn transformer(name: &str) -> Network {
    let vit = ViT { side: 64, hidden: 24, distilled: name == "tiny_deit", ..ViT::new(12, 2, 3) };
    let architecture = match name {
        "tiny_convnext" | "tiny_convnext_torchvision" => {
            ConvNeXt { depths: [1; 4], dims: [4, 8, 12, 16] }.architecture(name)
        }
        _ => vit.architecture(name, "imagenet-keep"),
    };
    let checkpoint = Checkpoint::open(&testdata(format!("models/{name}.safetensors"))).unwrap();
    architecture.load(&checkpoint, &cpu(), zoo::Options::default()).unwrap().network
}

const VIT: [&str; 3] = ["blocks.0", "blocks.1.attn.softmax", "norm"];
const CONVNEXT: [&str; 3] = ["stem", "stages.1", "stages.3"];
const TRANSFORMERS: [(&str, [&str; 3]); 5] = [
    ("tiny_vit", VIT),
    ("tiny_vit_torchvision", VIT),
    ("tiny_deit", VIT),
    ("tiny_convnext", CONVNEXT),
    ("tiny_convnext_torchvision", CONVNEXT),
];

#[test]
fn transformers_from_files_of_timm_and_torchvision() {
    for (name, features) in TRANSFORMERS {
        let network = transformer(name);
        let graph = network.graph();
        let mut fetches: Vec<usize> = features.iter().map(|layer| graph.find(layer).unwrap()).collect();
        fetches.push(graph.output());
        let x = Value::new(tensor("models/input.npy"));
        let values = network.run(vec![(Graph::INPUT, x)], &fetches, &mut Plain);
        for (place, value) in features.iter().chain(&["logits"]).zip(values) {
            let expected = golden::array(format!("models/{name}.{place}.npy"));
            assert_eq!(value.shape(), expected.shape, "{name}, {place}");
            let result = testing::compare::close(&flat(value), &expected.data, CLOSE);
            result.unwrap_or_else(|error| panic!("{name}, {place}: {error}"));
        }
    }
}

#[test]
fn transformers_resumed_at_any_node_give_the_same_scores() {
    for (name, _) in TRANSFORMERS {
        resume_everywhere(&transformer(name));
    }
}

/// Scores and gradients of one image alone, and in batches of several sizes.
#[test]
fn transformers_do_not_depend_on_the_batch() {
    for (name, _) in TRANSFORMERS {
        let network = transformer(name);
        let two = tensor("models/input.npy");
        let scores_and_gradient = |x: Tensor<4>| {
            let leaf = Value::new(x).leaf();
            let feeds = vec![(Graph::INPUT, leaf.clone())];
            let logits = network.run(feeds, &[network.graph().output()], &mut Plain).remove(0).tensor::<2>();
            let gradient = leaf.grad(&logits.clone().narrow(1, 3, 1).backward()).unwrap();
            (numbers(logits.inner()), flat(gradient))
        };
        let (scores, gradient) = scores_and_gradient(two.clone().narrow(0, 1, 1));
        for pairs in [1, 2, 4, 8] {
            let (many, gradients) = scores_and_gradient(two.clone().repeat(&[pairs, 1, 1, 1]));
            for row in (1..2 * pairs).step_by(2) {
                assert_eq!(many[row * 10..][..10], scores, "{name}, row {row} of {}", 2 * pairs);
                let size = gradient.len();
                assert!(gradients[row * size..][..size] == gradient, "{name}, row {row} of {}", 2 * pairs);
            }
        }
    }
}

#[test]
fn engines_agree_about_transformers() {
    for (name, _) in TRANSFORMERS {
        engines::assert_agree(&transformer(name), tensor("models/input.npy"));
    }
}

/// Hooks that want to see every node.
struct Careful;

impl Hooks for Careful {}

#[test]
fn nobody_can_tell_what_is_computed_together() {
    for block in [Block::Basic, Block::Bottleneck] {
        let file = if block == Block::Basic { "tiny_basic.pth" } else { "tiny_bottleneck.safetensors" };
        let checkpoint = Checkpoint::open(&testdata(format!("models/{file}"))).unwrap();
        let network = Network::load(tiny(block, false), &checkpoint, &cpu()).unwrap();
        let network = network.fold_batch_norm(&[]).pack();
        resume_everywhere(&network);
        for node in 1..network.graph().output() {
            let run = |rules: &mut dyn Hooks| -> Vec<Vec<f32>> {
                let feeds = vec![(Graph::INPUT, Value::new(tensor("models/input.npy")))];
                let values = network.run(feeds, &[node, network.graph().output()], rules);
                values.into_iter().map(flat).collect()
            };
            assert_eq!(run(&mut Plain), run(&mut Careful), "{}", network.graph().nodes[node].name);
        }
    }
}

#[test]
fn guided_gradients_and_taps_reach_into_what_is_computed_together() {
    let checkpoint = Checkpoint::open(&testdata("models/tiny_bottleneck.safetensors")).unwrap();
    let stock = Network::load(tiny(Block::Bottleneck, false), &checkpoint, &cpu()).unwrap();
    let stock = stock.fold_batch_norm(&[]);
    let gradients = |network: &Network| {
        let leaf = Value::new(tensor("models/input.npy")).leaf();
        let run = |rules: &mut dyn Hooks| {
            let feeds = vec![(Graph::INPUT, leaf.clone())];
            let logits = network.run(feeds, &[network.graph().output()], rules).remove(0).tensor::<2>();
            logits.narrow(1, 3, 1).backward()
        };
        let guided = flat(leaf.grad(&run(&mut Guided)).unwrap());
        let nodes: Vec<NodeId> = (1..network.graph().output()).collect();
        let mut taps = Taps::at(&nodes);
        let tapped = run(&mut taps);
        let taken = taps.taken.into_iter().map(|(_, _, leaf)| flat(leaf.grad(&tapped).unwrap()));
        std::iter::once(guided).chain(taken).collect::<Vec<_>>()
    };
    for (ours, expected) in gradients(&stock.clone().pack()).iter().zip(gradients(&stock)) {
        assert_close(ours, &expected, CLOSE);
    }
}

#[test]
fn resuming_at_any_node_gives_the_same_scores() {
    let checkpoint = Checkpoint::open(&testdata("models/tiny_basic.pth")).unwrap();
    resume_everywhere(&Network::load(tiny(Block::Basic, false), &checkpoint, &cpu()).unwrap());
}

fn resume_everywhere(network: &Network) {
    let x = tensor("models/input.npy");
    let expected = numbers(network.logits(x.clone()));
    let graph = network.graph();
    for node in 0..graph.output() {
        let cut = graph.cut(node);
        let values = network.run(vec![(Graph::INPUT, Value::new(x.clone()))], &cut, &mut Plain);
        let feeds = cut.into_iter().zip(values).collect();
        let logits = network.run(feeds, &[graph.output()], &mut Plain).remove(0).tensor::<2>();
        assert_eq!(numbers(logits), expected, "node {}", graph.nodes[node].name);
    }
}

#[test]
fn a_tap_has_the_gradient_that_resuming_behind_it_gives() {
    let checkpoint = Checkpoint::open(&testdata("models/tiny_bottleneck.safetensors")).unwrap();
    let network = Network::load(tiny(Block::Bottleneck, false), &checkpoint, &cpu()).unwrap();
    let graph = network.graph();
    let layers: Vec<usize> = ["layer2", "layer4.0.conv3"].map(|name| graph.find(name).unwrap()).to_vec();
    let mut taps = Taps::at(&layers);
    let logits = network.logits_with(tensor("models/input.npy"), &mut taps);
    let gradients = logits.narrow(1, 3, 1).backward();
    assert_eq!(taps.taken.len(), 2);
    for (node, value, leaf) in taps.taken {
        let cut = graph.cut(node);
        let x = Value::new(tensor("models/input.npy"));
        let mut feeds: Vec<_> =
            cut.iter().copied().zip(network.run(vec![(Graph::INPUT, x)], &cut, &mut Plain)).collect();
        let at = cut.iter().position(|&id| id == node).unwrap();
        let resumed = feeds[at].1.clone().leaf();
        feeds[at].1 = resumed.clone();
        let logits = network.run(feeds, &[graph.output()], &mut Plain).remove(0).tensor::<2>();
        let expected = resumed.grad(&logits.narrow(1, 3, 1).backward()).unwrap();
        let tapped = leaf.grad(&gradients).unwrap();
        assert_eq!(tapped.shape(), value.shape());
        assert_close(&numbers(tapped.tensor::<4>()), &numbers(expected.tensor::<4>()), CLOSE);
    }
}

#[test]
fn scores_do_not_depend_on_the_batch() {
    let checkpoint = Checkpoint::open(&testdata("models/tiny_bottleneck.safetensors")).unwrap();
    let network = Network::load(tiny(Block::Bottleneck, false), &checkpoint, &cpu()).unwrap().pack();
    let two = tensor("models/input.npy");
    let one = two.clone().narrow(0, 1, 1);
    let many = Tensor::cat(vec![two.clone(), two.clone(), two.clone(), two.clone(), two, one.clone()], 0);
    let alone = numbers(network.logits(one));
    let together = numbers(network.logits(many));
    for row in [1, 3, 9, 10] {
        assert_eq!(together[row * 10..][..10], alone, "row {row}");
    }
}

#[test]
fn resampling_equals_interpolate_and_pillow() {
    let x = tensor("models/resize/input.npy");
    let rules = [
        ("bilinear", Resample::BILINEAR),
        ("bicubic", Resample::BICUBIC),
        ("bilinear_corners", Resample::BILINEAR.align_corners()),
        ("bilinear_antialias", Resample::BILINEAR.antialiased()),
        ("bicubic_antialias", Resample::BICUBIC.antialiased()),
        ("pil_bilinear", Resample::BILINEAR.antialiased()),
        ("pil_bicubic", Resample::BICUBIC.antialiased()),
    ];
    for (name, rule) in rules {
        for [height, width] in [[9, 31], [40, 40]] {
            let expected = golden::array(format!("models/resize/{name}_{height}x{width}.npy"));
            let resized = numbers(rule.resize(x.clone(), height, width));
            let close = Tolerance::new(2e-6, 1e-6);
            testing::compare::close(&resized, &expected.data, close)
                .unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

#[test]
fn hostile_weight_files_are_errors_that_name_the_trouble() {
    let graph = || CifarResNet { blocks: 1, width: 8, stem_stride: 1 }.graph(10);
    let error = |name: &str| {
        let path = testdata(format!("models/hostile/{name}"));
        let loaded = Checkpoint::open(&path).and_then(|file| Network::load(graph(), &file, &cpu()));
        let error = loaded.err().unwrap_or_else(|| panic!("{name} was accepted")).to_string();
        assert!(error.contains(name), "{error}");
        error
    };
    assert!(error("truncated.pth").contains("not a PyTorch file"));
    assert!(error("missing_key.safetensors").contains("missing: layer2.0.conv1.weight"));
    assert!(error("extra_key.safetensors").contains("unexpected: layer4.0.conv1.weight"));
    assert!(error("wrong_shape.safetensors").contains("linear.weight is [10, 31] and not [10, 32]"));
    assert!(error("nothing.pth").contains("No such file"));
}

/// Matrix products pick their order of summation by size, so this is larger than the small networks.
#[test]
fn a_wide_linear_layer_does_not_depend_on_the_batch() {
    let mut graph = Graph::new([2048, 1, 1]);
    let pool = graph.push("pool", models::Op::global_avg_pool(), &[Graph::INPUT]);
    let flat = graph.push("flatten", models::Op::Flatten, &[pool]);
    let weight = graph.parameter("fc.weight", &[1000, 2048]);
    graph.push("fc", models::Op::Linear { weight, bias: None }, &[flat]);
    let wave = |count: usize, step: f32| (0..count).map(|i| (i as f32 * step).sin()).collect::<Vec<f32>>();
    let weight = TensorData::new(wave(2_048_000, 0.7), [1000, 2048]);
    let network = Network::new(graph, vec![models::network::Weight::new(weight, &cpu())]);
    let x = Tensor::from_data(TensorData::new(wave(65 * 2048, 0.3), [65, 2048, 1, 1]), &cpu());
    let all = numbers(network.logits(x.clone()));
    for (start, count) in [(0, 1), (64, 1), (3, 2), (10, 33)] {
        let some = numbers(network.logits(x.clone().narrow(0, start, count)));
        assert_eq!(some, all[start * 1000..(start + count) * 1000], "{count} rows from {start}");
    }
}

/// The same for products, softmax and LayerNorm over as many tokens as there are in practice.
#[test]
fn a_block_of_full_size_does_not_depend_on_the_batch() {
    let graph = ViT::new(192, 1, 3).graph(1000);
    let weight = |(i, parameter): (usize, &models::graph::Parameter)| {
        let count: usize = parameter.shape.iter().product();
        let last = parameter.shape.last().map_or(1.0, |&length| length as f32);
        let numbers: Vec<f32> =
            (0..count).map(|j| (j as f32 * (0.3 + i as f32)).sin() * 2.0 / last.sqrt()).collect();
        models::network::Weight::new(TensorData::new(numbers, parameter.shape.clone()), &cpu())
    };
    let weights = graph.parameters.iter().enumerate().map(weight).collect();
    let network = Network::new(graph, weights);
    let pixels: Vec<f32> = (0..5 * 3 * 224 * 224).map(|i| (i as f32 * 0.7).sin()).collect();
    let x = Tensor::from_data(TensorData::new(pixels, [5, 3, 224, 224]), &cpu());
    let all = numbers(network.logits(x.clone()));
    for (start, count) in [(0, 1), (4, 1), (1, 3)] {
        let some = numbers(network.logits(x.clone().narrow(0, start, count)));
        assert_eq!(some, all[start * 1000..(start + count) * 1000], "{count} images from {start}");
    }
}
