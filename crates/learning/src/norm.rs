//! What runs in another way in training: BatchNorm on the batch's statistics, matrices on all rows at once.

use models::graph::{Op, ParameterId};
use models::network::Weight;
use models::{Hooks, Network, NodeId, Tensor, Value};

/// The weight of a new batch in the running statistics, as in PyTorch.
const MOMENTUM: f32 = 0.1;

/// Runs BatchNorm on the statistics of the batch and remembers them, and a linear layer as one product, whose gradient
/// is one product as well (scores may depend on the batch here).
#[derive(Default)]
pub(crate) struct Training {
    seen: Vec<(ParameterId, Tensor<1>)>,
}

impl Hooks for Training {
    fn apply(&mut self, network: &Network, node: NodeId, inputs: Vec<Value>) -> Value {
        match network.graph().nodes[node].op {
            Op::BatchNorm2d { .. } | Op::Linear { .. } => {}
            _ => return network.apply(node, inputs),
        }
        let x = inputs.into_iter().next().expect("an operation has an input");
        match network.graph().nodes[node].op {
            Op::BatchNorm2d { weight, bias, mean, variance, epsilon } => {
                let x = x.tensor::<4>();
                let [n, _, h, w] = x.dims();
                let (scale, shift) = (network.vector(weight), network.vector(bias));
                let out = burn::tensor::module::batch_norm_train(x, scale, shift, epsilon);
                let count = (n * h * w) as f32;
                self.seen.push((mean, out.mean.inner()));
                // The running variance is the unbiased one.
                self.seen.push((variance, out.variance.inner() * (count / (count - 1.0))));
                Value::new(out.output)
            }
            Op::Linear { weight, bias } => linear(network, x, weight, bias),
            _ => unreachable!("matched above"),
        }
    }
}

/// `x W^T + b` over the last axis.
fn linear(network: &Network, x: Value, weight: ParameterId, bias: Option<ParameterId>) -> Value {
    let w = network.matrix(weight).transpose();
    let [inner, outer] = w.dims();
    let mut shape = x.shape();
    let rows = shape.iter().product::<usize>() / inner;
    let y = x.reshape(&[rows, inner]).tensor::<2>().matmul(w);
    let y = bias.map_or_else(|| y.clone(), |id| y.clone() + network.vector(id).unsqueeze());
    *shape.last_mut().expect("a linear layer works on an axis") = outer;
    Value::new(y).reshape(&shape)
}

impl Training {
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
