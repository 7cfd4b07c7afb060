//! One pass of a network for each line on standard input, to be timed by `pipelines/speed.py`: `forward` computes the
//! scores of a batch, `backward` also the gradient of one score of each image at the input.
//!
//! `cargo run --release -p models --example pass -- MODEL BATCH`; `RAYON_NUM_THREADS` sets the threads.

use std::io::{BufRead, Write, stdin, stdout};

use models::classifier::Output;
use models::graph::Parameter;
use models::network::Weight;
use models::{Classifier, Device, Graph, Network, Plain, Preprocess, Tensor, TensorData, device, zoo};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("the name of a model");
    let batch: usize = arguments.next().expect("a batch size").parse().expect("a number of images");
    let classifier = classifier(&name);
    let [c, h, w] = classifier.network.graph().input;
    let x = TensorData::new(numbers(batch * c * h * w, 1.0), [batch, c, h, w]);
    let x = Tensor::<4>::from_data(x, &classifier.device);
    let targets: Vec<usize> = (0..batch).collect();
    for line in stdin().lock().lines() {
        let checksum = match line.expect("a line").as_str() {
            "forward" => classifier.logits(x.clone()).sum().into_scalar::<f32>(),
            "backward" => {
                let (gradient, _) = classifier.input_gradient(x.clone(), &targets, Output::Logit, &mut Plain);
                gradient.abs().sum().into_scalar::<f32>()
            }
            other => panic!("`{other}` is neither forward nor backward"),
        };
        println!("{checksum}");
        stdout().flush().expect("standard output");
    }
}

/// The architecture with made-up weights, prepared as [`zoo`] prepares real ones.
fn classifier(name: &str) -> Classifier {
    let architecture = zoo::architecture(name).unwrap_or_else(|error| panic!("{error}"));
    let device = device::cpu().device;
    let graph = (architecture.build)(1000);
    let weights = graph.parameters.iter().map(|parameter| weight(parameter, &device)).collect();
    let network = Network::new(graph, weights).fold_batch_norm(&[]);
    Classifier {
        name: name.into(),
        network: network.pack(),
        preprocess: Preprocess::preset("imagenet").expect("it is built in"),
        labels: Vec::new(),
        layer: Graph::INPUT,
        digest: String::new(),
        device,
    }
}

/// Numbers that keep values in range: variances and scales of one, matrices and kernels by their fan-in.
fn weight(parameter: &Parameter, device: &Device) -> Weight {
    let count = parameter.shape.iter().product();
    let fan_in: usize = parameter.shape.iter().skip(1).product();
    let data = if parameter.shape.len() == 1 && !parameter.name.ends_with("bias") {
        vec![1.0; count]
    } else {
        numbers(count, (3.0 / fan_in as f32).sqrt())
    };
    Weight::new(TensorData::new(data, parameter.shape.clone()), device)
}

/// Pseudo-random numbers in `-scale..scale`.
fn numbers(count: usize, scale: f32) -> Vec<f32> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| scale * next()).collect()
}
