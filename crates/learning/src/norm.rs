//! BatchNorm in training: statistics of the batch, and running statistics for later.

use models::graph::{Op, ParameterId};
use models::network::Weight;
use models::{Network, NodeId, Rules, Tensor, Value};

/// The weight of a new batch in the running statistics, as in PyTorch.
const MOMENTUM: f32 = 0.1;

/// Runs BatchNorm on the statistics of the batch and remembers them.
#[derive(Default)]
pub(crate) struct BatchStatistics {
    seen: Vec<(ParameterId, Tensor<1>)>,
}

impl Rules for BatchStatistics {
    fn apply(&mut self, network: &Network, node: NodeId, inputs: Vec<Value>) -> Value {
        let Op::BatchNorm2d { weight, bias, mean, variance, epsilon } = network.graph().nodes[node].op else {
            return network.apply(node, inputs);
        };
        let x = inputs.into_iter().next().expect("a BatchNorm has one input").tensor::<4>();
        let [n, _, h, w] = x.dims();
        let (scale, shift) = (network.vector(weight), network.vector(bias));
        let out = burn::tensor::module::batch_norm_train(x, scale, shift, epsilon);
        let count = (n * h * w) as f32;
        self.seen.push((mean, out.mean.inner()));
        // The running variance is the unbiased one.
        self.seen.push((variance, out.variance.inner() * (count / (count - 1.0))));
        Value::new(out.output)
    }
}

impl BatchStatistics {
    /// Mixes the batch's statistics into the running ones.
    pub(crate) fn update(self, network: &Network) -> Network {
        let mut weights = network.weights().to_vec();
        for (id, seen) in self.seen {
            if let Weight::Vector(param) = &weights[id] {
                let mixed = |running: Tensor<1>| {
                    let mixed = running.inner() * (1.0 - MOMENTUM) + seen * MOMENTUM;
                    mixed.autodiff()
                };
                weights[id] = Weight::Vector(param.clone().map(mixed));
            }
        }
        network.with_weights(weights)
    }
}
