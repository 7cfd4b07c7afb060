//! Patterns of small operations that stand for one, found after the import, whichever way the file spells them.

mod activation;
mod bias;
mod bounds;
mod layer_norm;
mod output;
mod permute;
mod prune;

use models::graph::{Activation, ParameterId};
use models::{Graph, NodeId, Op};

use crate::batch::Shape;
use crate::importer::Importer;

/// A graph that is worked over.
struct Draft {
    graph: Graph,
    weights: Vec<Vec<f32>>,
    /// Sizes of all values for one image.
    sizes: Vec<Vec<usize>>,
    output: NodeId,
}

/// The graph up to the scores before a softmax, without what is not needed for them, and its weights.
pub fn finished(importer: Importer, output: NodeId) -> Result<(Graph, Vec<Vec<f32>>), String> {
    let (importer, output) = output::vector(importer, output)?;
    let nodes = 0..importer.graph.nodes.len();
    let sizes = nodes.map(|node| importer.shape(node)).map(|Shape { sizes, .. }| sizes.clone()).collect();
    let mut draft = Draft { graph: importer.graph, weights: importer.weights, sizes, output };
    draft.find_link()?;
    draft.prune();
    draft.merge_biases();
    draft.merge_layer_norms();
    draft.merge_activations();
    draft.cancel_permutes();
    draft.prune();
    Ok((draft.graph, draft.weights))
}

impl Draft {
    fn op(&self, node: NodeId) -> &Op {
        &self.graph.nodes[node].op
    }

    fn inputs(&self, node: NodeId) -> &[NodeId] {
        &self.graph.nodes[node].inputs
    }

    /// The input of an activation of that kind.
    fn activation(&self, node: NodeId, wanted: Activation) -> Option<NodeId> {
        (*self.op(node) == Op::Activation(wanted)).then(|| self.inputs(node)[0])
    }

    /// Scale, shift and input of an affine node.
    fn affine(&self, node: NodeId) -> Option<(f64, f64, NodeId)> {
        match self.op(node) {
            Op::Affine { scale, shift } => Some((*scale, *shift, self.inputs(node)[0])),
            _ => None,
        }
    }

    /// The parameter of a constant whose only long axis is `axis` counted from the last, of this length.
    fn row(&self, node: NodeId, length: usize, from_last: usize) -> Option<ParameterId> {
        let Op::Constant { parameter } = self.op(node) else { return None };
        let shape = &self.graph.parameters[*parameter].shape;
        let own = shape.len().checked_sub(from_last)?;
        let fits = |(axis, &found): (usize, &usize)| found == if axis == own { length } else { 1 };
        (own < shape.len() && shape.iter().enumerate().all(fits)).then_some(*parameter)
    }

    /// A new parameter with the numbers of another one, as a vector.
    fn vector_of(&mut self, parameter: ParameterId) -> ParameterId {
        let numbers = self.weights[parameter].clone();
        let name = self.graph.parameters[parameter].name.clone();
        self.vector(name, numbers)
    }

    fn vector(&mut self, name: String, numbers: Vec<f32>) -> ParameterId {
        let parameter = self.graph.parameter(name, &[numbers.len()]);
        self.weights.push(numbers);
        parameter
    }

    /// Replaces a node by another operation on other inputs; its name stays, because its value does.
    fn replace(&mut self, node: NodeId, op: Op, inputs: Vec<NodeId>) {
        self.graph.nodes[node].op = op;
        self.graph.nodes[node].inputs = inputs;
    }
}

/// Whether two numbers are equal up to the rounding of floats.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1e-30)
}
