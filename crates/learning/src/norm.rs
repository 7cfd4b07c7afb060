//! What runs in another way in training: BatchNorm, on the batch's statistics.

use models::graph::{Op, ParameterId};
use models::network::Weight;
use models::{Hooks, Network, NodeId, Tensor, Value};

/// The weight of a new batch in the running statistics, as in PyTorch.
const MOMENTUM: f32 = 0.1;

/// Runs BatchNorm whose scale learns on the statistics of the batch and remembers them.
#[derive(Default)]
pub struct BatchStatistics {
    seen: Vec<(ParameterId, Tensor<1>)>,
}

impl Hooks for BatchStatistics {
    fn apply(&mut self, network: &Network, node: NodeId, inputs: Vec<Value>) -> Value {
        let (false, Op::BatchNorm2d { mean, variance, .. }) =
            (self.plain(network, node), &network.graph().nodes[node].op)
        else {
            return network.apply(node, inputs);
        };
        let x = inputs.into_iter().next().expect("an operation has an input");
        let shape = x.shape();
        let count = (shape[0] * shape[2] * shape[3]) as f32;
        let (y, [means, variances]) = network.batch_norm(node, x);
        // The running variance is the unbiased one.
        self.seen.extend([(*mean, means), (*variance, variances * (count / (count - 1.0)))]);
        y
    }

    fn plain(&self, network: &Network, node: NodeId) -> bool {
        match network.graph().nodes[node].op {
            Op::BatchNorm2d { weight, .. } => !network.vector(weight).device().is_autodiff(),
            _ => true,
        }
    }
}

impl BatchStatistics {
    /// Mixes the batch's statistics into the running ones of a network on the plain device.
    pub(crate) fn update(self, network: &Network) -> Network {
        let mut weights = network.weights().to_vec();
        for (id, seen) in self.seen {
            if let Weight::Vector(param) = &weights[id] {
                let mixed = |running: Tensor<1>| running * (1.0 - MOMENTUM) + seen * MOMENTUM;
                weights[id] = Weight::Vector(param.clone().map(mixed));
            }
        }
        network.with_weights(weights)
    }
}
