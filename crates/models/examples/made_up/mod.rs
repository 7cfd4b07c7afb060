//! Networks with made-up weights and images, to be timed.

use models::graph::Parameter;
use models::network::Weight;
use models::{Classifier, Device, Graph, Network, Preprocess, Tensor, TensorData, device, zoo};

/// The architecture with made-up weights, prepared as [`zoo`] prepares real ones.
pub fn classifier(name: &str) -> Classifier {
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

/// A batch of images for a network.
pub fn images(classifier: &Classifier, batch: usize) -> Tensor<4> {
    let [c, h, w] = classifier.network.graph().input;
    let x = TensorData::new(numbers(batch * c * h * w, 1.0), [batch, c, h, w]);
    Tensor::from_data(x, &classifier.device)
}
