//! First weights: He et al., "Delving Deep into Rectifiers", 2015, normal with fan-out for kernels.

use models::network::Weight;
use models::{Device, Graph, Network, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;

/// A network with random weights: kernels `N(0, 2 / fan_out)`, matrices `N(0, 1 / fan_in)`, tokens and position
/// embeddings `N(0, 0.02^2)`, scales and variances one, everything else zero. Each tensor has a generator of its own, keyed by its name.
pub fn initialise(graph: Graph, seed: u64, device: &Device) -> Network {
    let weight = |name: &str, shape: &[usize]| {
        let count = shape.iter().product();
        let normal = |deviation: f32| -> Vec<f32> {
            let random = stats::random::generator(seed, &["initialise", name], 0);
            random.sample_iter(StandardNormal).take(count).map(|z: f32| z * deviation).collect()
        };
        let numbers = match shape {
            [out, _, h, w] => normal((2.0 / (out * h * w) as f32).sqrt()),
            [_, from] => normal((1.0 / *from as f32).sqrt()),
            [_, _, _] => normal(0.02),
            _ if name.ends_with("running_var") || is_scale(name) => vec![1.0; count],
            _ => vec![0.0; count],
        };
        Weight::new(TensorData::new(numbers, shape.to_vec()), device)
    };
    let weights =
        graph.parameters.iter().map(|parameter| weight(&parameter.name, &parameter.shape)).collect();
    Network::new(graph, weights)
}

/// Vectors called `weight` are the scales of BatchNorm.
fn is_scale(name: &str) -> bool {
    name.ends_with(".weight")
}
