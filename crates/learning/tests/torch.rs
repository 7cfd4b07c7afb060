//! Losses, schedules and whole training steps as PyTorch computes them (`testdata/learning/generate.py`).

use learning::{Batch, Decayed, Optimiser, Recipe, Rule, Schedule, Targets, Trainer, cross_entropy};
use models::graph::Graph;
use models::network::Weight;
use models::zoo::cifar_resnet::CifarResNet;
use models::{Network, Tensor, TensorData, device};
use safetensors::SafeTensors;
use serde_json::Value;
use testing::testdata;

fn golden() -> Value {
    testing::golden::json("learning/torch.json")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn classes(value: &Value) -> Vec<usize> {
    numbers(value).iter().map(|&label| label as usize).collect()
}

fn floats(value: &Value) -> Vec<f32> {
    numbers(value).iter().map(|&number| number as f32).collect()
}

#[test]
fn losses_equal_pytorch() {
    let golden = &golden()["losses"];
    let logits = TensorData::new(floats(&golden["logits"]), [5, 4]);
    let hard = Targets::Classes(classes(&golden["labels"]));
    let soft = Targets::Shares(floats(&golden["shares"]));
    for (targets, smoothing, name) in
        [(&hard, 0.0, "hard"), (&hard, 0.1, "smoothed"), (&soft, 0.0, "soft"), (&soft, 0.1, "soft_smoothed")]
    {
        let logits = Tensor::from_data(logits.clone(), &device::cpu().device);
        let loss = f64::from(cross_entropy(logits, targets, smoothing).into_scalar::<f32>());
        let expected = golden[name].as_f64().unwrap();
        assert!((loss - expected).abs() < 1e-6 * expected, "{name}: {loss} and not {expected}");
    }
}

#[test]
fn schedules_equal_pytorch() {
    let golden = &golden()["schedules"];
    for (name, schedule) in [
        ("warm_up_cosine", Schedule::WarmUpCosine { warm_up: 0.25 }),
        ("warm_up_linear", Schedule::WarmUpLinear { warm_up: 0.25 }),
        ("one_cycle", Schedule::OneCycle { warm_up: 0.25 }),
        ("one_cycle_uneven", Schedule::OneCycle { warm_up: 0.3 }),
    ] {
        let expected = numbers(&golden[name]);
        for (step, rate) in expected.iter().enumerate() {
            let found = schedule.rate(0.3, step, expected.len());
            assert!((found - rate).abs() < 1e-14, "{name}, step {step}: {found} and not {rate}");
        }
    }
}

#[test]
fn colours_equal_torchvision() {
    let golden = &golden()["colours"];
    let (factors, adjusted) = (&golden["factors"], &golden["adjusted"]);
    for at in 0..7 {
        let mut pixels = floats(&golden["image"]);
        let factors = floats(&factors[at]);
        learning::augment::colour::adjust(&mut pixels, [3, 4, 5], [factors[0], factors[1], factors[2]]);
        let expected = floats(&adjusted[at]);
        let far = pixels.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far < 5e-7, "{factors:?}: {far:e}");
    }
}

/// A network of weights under a prefix.
fn network(file: &SafeTensors<'_>, graph: Graph, prefix: &str) -> Network {
    let weights = graph.parameters.iter().map(|parameter| {
        let numbers = tensor(file, &format!("{prefix}.{}", parameter.name));
        Weight::new(TensorData::new(numbers, parameter.shape.clone()), &device::cpu().device)
    });
    let weights = weights.collect();
    Network::new(graph, weights)
}

fn tensor(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let bytes = file.tensor(name).unwrap().data().as_chunks::<4>().0;
    bytes.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

/// How far each weight is from PyTorch's at most.
fn assert_weights(trainer: &Trainer, file: &SafeTensors<'_>, prefix: &str, tolerance: f32) {
    let parameters = &trainer.network().graph().parameters;
    for (parameter, weight) in parameters.iter().zip(trainer.network().weights()) {
        let (found, expected) = (weight.data(), tensor(file, &format!("{prefix}.{}", parameter.name)));
        let far = found.iter::<f32>().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far <= tolerance, "{prefix}, {}: {far:e}", parameter.name);
    }
}

fn training(name: &str, rate: f64, optimiser: Optimiser, decayed: Decayed, tolerance: f32) {
    let golden = golden();
    let bytes = std::fs::read(testdata("learning/training.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (images, labels) = (tensor(&file, "images"), classes(&golden["labels"]));
    let recipe = Recipe {
        epochs: 3,
        batch: 4,
        rate,
        schedule: Schedule::Constant,
        course: None,
        rule: Rule { optimiser, decayed, bias_rate: 1.0 },
        smoothing: 0.1,
        seed: 0,
    };
    let graph = CifarResNet { blocks: 1, width: 4, stem_stride: 1 }.graph(3);
    let mut trainer = Trainer::new(network(&file, graph, "first"), 4, recipe);
    let load = |step: usize, _: &[usize]| Batch {
        pixels: images[step * 768..][..768].to_vec(),
        shape: [4, 3, 8, 8],
        targets: Targets::Classes(labels[step * 4..][..4].to_vec()),
    };
    for step in 0..3 {
        trainer.step(load).unwrap();
        let expected = golden["training"][name][step].as_f64().unwrap();
        let loss = trainer.losses()[step];
        assert!((loss - expected).abs() < 2e-6 * expected, "{name}, step {step}: {loss} and not {expected}");
        if step != 1 {
            assert_weights(&trainer, &file, &format!("{name}.{}", step + 1), tolerance);
        }
    }
}

#[test]
fn steps_of_adamw_equal_pytorch() {
    let optimiser = Optimiser::AdamW { decay: 0.1, epsilon: 1e-8 };
    // The rounding of a small gradient counts as much as that of a large one: the step is their ratio to their own size. One of
    // layer2.0.conv2 is 3.3e-7 where the median is 4.6e-3, and the step changes by 885 times what it does: 3e-9 are 2.5e-6.
    training("adamw", 0.01, optimiser, Decayed::Matrices, 4e-6);
}

#[test]
fn steps_of_sgd_equal_pytorch() {
    let optimiser = Optimiser::Sgd { momentum: 0.9, decay: 0.05 };
    training("sgd", 0.02, optimiser, Decayed::All, 1e-6);
}
