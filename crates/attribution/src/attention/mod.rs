//! What the methods for transformers share: the attention matrices, their gradients, products along the blocks, and the row
//! that the scores read, as a map.

mod reading;
pub(crate) mod relprop;

use models::classifier::Output;
use models::network::Taps;
use models::{Classifier, NodeId, Op, Plain, Tensor, Value};

use crate::context::Context;
use crate::method::Error;
pub use reading::Attention;

/// The attention matrices of a network, `(n, heads, tokens, tokens)`, from the first block to the last.
pub fn nodes(context: &Context<'_>) -> Vec<NodeId> {
    let (graph, shapes) = (context.classifier.network.graph(), &context.shapes);
    let matrix = |id: &NodeId| {
        matches!(graph.nodes[*id].op, Op::Softmax { axis: 3 })
            && matches!(shapes[*id][..], [1, _, rows, columns] if rows == columns && rows > 1)
    };
    (0..graph.nodes.len()).filter(matrix).collect()
}

/// The attention matrices, or an error where a network has none.
pub(crate) fn needed(method: &str, context: &Context<'_>) -> Result<Vec<NodeId>, Error> {
    let nodes = nodes(context);
    if nodes.is_empty() {
        return Err(Error::unfit(method, context.classifier, "it has no attention"));
    }
    Ok(nodes)
}

/// The matrices of every block.
pub fn matrices(classifier: &Classifier, nodes: &[NodeId], x: Tensor<4>) -> Vec<Tensor<4>> {
    let values = classifier.network.run(vec![(models::Graph::INPUT, Value::new(x))], nodes, &mut Plain);
    values.into_iter().map(Value::tensor).collect()
}

/// The matrices of every block and the gradients of the target's logit there.
pub(crate) fn with_gradients(
    classifier: &Classifier,
    nodes: &[NodeId],
    x: Tensor<4>,
    targets: &[usize],
) -> Vec<(Tensor<4>, Tensor<4>)> {
    let mut taps = Taps::at(nodes);
    let (_, gradients) = classifier.tapped_gradient(x, targets, Output::Logit, &mut taps);
    let pair = |((_, value, _), gradient): ((NodeId, Value, Value), Option<Value>)| {
        let value = value.untracked();
        let gradient = gradient.unwrap_or_else(|| value.clone().map(|x| x.zeros_like()));
        (value.tensor(), gradient.tensor())
    };
    taps.taken.into_iter().zip(gradients).map(pair).collect()
}

/// The mean over heads, `(n, tokens, tokens)`.
pub fn mean_of_heads(x: Tensor<4>) -> Tensor<3> {
    let [n, _, t, u] = x.dims();
    x.mean_dim(1).reshape([n, t, u])
}

/// The product of `A + 1` along the blocks, later ones on the left; `normalise` divides each row by its sum first.
///
/// # Panics
/// If there is no block.
pub fn rollout(matrices: Vec<Tensor<3>>, normalise: bool) -> Tensor<3> {
    let step = |a: Tensor<3>| {
        let a = a.clone() + identity(&a);
        if normalise { a.clone() / a.sum_dim(2) } else { a }
    };
    matrices.into_iter().map(step).reduce(|before, a| a.matmul(before)).expect("a transformer has a block")
}

/// The identity in the shape of `(n, tokens, tokens)`.
pub(crate) fn identity(like: &Tensor<3>) -> Tensor<3> {
    let [n, t, _] = like.dims();
    Tensor::<2>::eye(t, &like.device()).unsqueeze::<3>().expand([n, t, t])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{numbers, wave};
    use models::TensorData;

    /// Two blocks of positive numbers.
    fn blocks() -> Vec<Tensor<3>> {
        let numbers = |step| wave(25, step).into_iter().map(f32::abs).collect();
        let device = models::device::cpu().device;
        [0.3, 0.7].map(|step| Tensor::from_data(TensorData::new(numbers(step), [1, 5, 5]), &device)).to_vec()
    }

    /// Invariant 15.
    #[test]
    fn rows_of_a_normalised_rollout_sum_to_one() {
        for row in numbers(rollout(blocks(), true)).chunks(5) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{row:?}");
        }
    }

    /// Invariants 15 and 16: tokens that look at themselves only, or at nothing, hand nothing on.
    #[test]
    fn rollouts_of_the_identity_and_of_nothing_are_the_identity() {
        let identity = identity(&blocks()[0]);
        let none = identity.zeros_like();
        assert_eq!(numbers(rollout(vec![identity.clone(); 3], true)), numbers(identity.clone()));
        assert_eq!(numbers(rollout(vec![none; 3], false)), numbers(identity));
    }
}
