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

#[cfg(test)]
mod tests {
    use models::zoo::cifar_resnet::CifarResNet;

    use super::*;

    /// Where a randomisation test seeds every layer alike, as Quantus does, layers of one shape get the same weights; Xplique draws
    /// variances of BatchNorm like any weights.
    #[test]
    fn layers_of_one_shape_have_weights_of_their_own() {
        let graph = CifarResNet { blocks: 2, width: 4, stem_stride: 1 }.graph(2);
        let parameters = graph.parameters.clone();
        let network = initialise(graph, 0, &models::device::cpu().device);
        let numbers = |at: usize| network.weights()[at].data().try_into_vec::<f32>().unwrap();
        let kernels: Vec<usize> =
            (0..parameters.len()).filter(|&at| parameters[at].shape.len() == 4).collect();
        let pairs = kernels.iter().flat_map(|&a| kernels.iter().map(move |&b| (a, b)));
        let equal: Vec<(usize, usize)> =
            pairs.filter(|(a, b)| a < b && parameters[*a].shape == parameters[*b].shape).collect();
        assert!(equal.len() > 3 && equal.iter().all(|&(a, b)| numbers(a) != numbers(b)));
        for (at, parameter) in parameters.iter().enumerate() {
            if parameter.name.ends_with("running_var") {
                assert!(numbers(at).iter().all(|&variance| variance == 1.0), "{}", parameter.name);
            }
        }
    }
}
