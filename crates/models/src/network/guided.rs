//! Guided ReLU: the backward pass lets only positive gradients through positive inputs
//! (Springenberg et al., "Striving for Simplicity: The All Convolutional Net", 2015).

#[cfg(feature = "cuda")]
use burn::backend::Cube;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::autodiff::{Autodiff, NodeId as AutodiffNode};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;

use super::graph::{NodeId, Op};
use super::value::Value;
use super::{Hooks, Network};

/// A backend that has the guided ReLU.
#[cfg_attr(feature = "cuda", backend_extension(Cube, Flex, Autodiff))]
#[cfg_attr(not(feature = "cuda"), backend_extension(Flex, Autodiff))]
pub trait GuidedRelu: Backend {
    /// `max(x, 0)` whose gradient is `max(g, 0)` where `x > 0` and zero elsewhere.
    fn guided_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu(x)
    }
}

#[cfg(feature = "cuda")]
impl GuidedRelu for Cube {}
impl GuidedRelu for Flex {}

impl<B: GuidedRelu, C: CheckpointStrategy> GuidedRelu for Autodiff<B, C> {
    fn guided_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Step;
        impl<B: GuidedRelu> Backward<B, 1> for Step {
            type State = AutodiffNode;
            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, saved: &mut Checkpointer) {
                let x = saved.retrieve_node_output(ops.state);
                unary::<B, _>(ops.parents, ops.node, grads, |g| B::relu_backward(x, B::relu(g)));
            }
        }
        match Step.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut step) => {
                let state = step.checkpoint(&x);
                step.finish(state, B::relu(x.into_primitive()))
            }
            OpsKind::UnTracked(step) => step.finish(B::relu(x.into_primitive())),
        }
    }
}

/// Runs a network with every ReLU replaced by the guided one. An upper bound (ReLU6) keeps its own derivative.
pub struct Guided;

impl Hooks for Guided {
    fn apply(&mut self, network: &Network, node: NodeId, inputs: Vec<Value>) -> Value {
        let op = &network.graph().nodes[node].op;
        if !op.is_relu() {
            return network.apply(node, inputs);
        }
        let x = if *op == Op::Relu { inputs.into_iter().next() } else { Some(network.apply(node, inputs)) };
        let x = x.expect("a ReLU has one input");
        let guided =
            |x: Tensor<1>| Tensor::from_dispatch(<Dispatch as GuidedRelu>::guided_relu(x.into_dispatch()));
        x.map(guided)
    }

    fn plain(&self, network: &Network, node: NodeId) -> bool {
        !network.graph().nodes[node].op.is_relu()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn only_positive_gradients_pass_positive_inputs() {
        let device = Device::flex().autodiff();
        let x = Tensor::<1>::from_floats([1.0, 1.0, -1.0, -1.0], &device).require_grad();
        let seed = Tensor::<1>::from_floats([2.0, -2.0, 2.0, -2.0], &Device::flex());
        let y: Tensor<1> =
            Tensor::from_dispatch(<Dispatch as GuidedRelu>::guided_relu(x.clone().into_dispatch()));
        let gradients = (y * seed).sum().backward();
        let g = x.grad(&gradients).unwrap().into_data().try_into_vec::<f32>().unwrap();
        assert_eq!(g, [2.0, 0.0, 0.0, 0.0]);
    }
}
