//! Layer normalisation spelled out: `d = x - mean(x)`, `d / sqrt(mean(d d) + epsilon) * weight + bias`.

use models::graph::Activation;
use models::{NodeId, Op};

use super::{Draft, near};

impl Draft {
    pub(super) fn merge_layer_norms(&mut self) {
        for node in 0..self.graph.nodes.len() {
            if let Some((x, epsilon, weight, bias)) = self.scaled(node) {
                let (weight, bias) = (self.vector_of(weight), self.vector_of(bias));
                self.replace(node, Op::LayerNorm { weight, bias, epsilon }, vec![x]);
            }
        }
        self.prune();
        for node in 0..self.graph.nodes.len() {
            if let Some((x, epsilon)) = self.normalised(node) {
                let (name, width) = (self.graph.nodes[node].name.clone(), self.width(x));
                let weight = self.vector(format!("{name}.weight"), vec![1.0; width]);
                let bias = self.vector(format!("{name}.bias"), vec![0.0; width]);
                self.replace(node, Op::LayerNorm { weight, bias, epsilon }, vec![x]);
            }
        }
    }

    fn width(&self, node: NodeId) -> usize {
        self.sizes[node].last().copied().unwrap_or(0)
    }

    /// Input, epsilon, weight and bias, if the node is the sum at the end of the pattern.
    fn scaled(&self, node: NodeId) -> Option<(NodeId, f64, usize, usize)> {
        let width = self.width(node);
        let (product, bias) = self.with_row(node, &Op::Add, width)?;
        let (quotient, weight) = self.with_row(product, &Op::Multiply, width)?;
        let (x, epsilon) = self.normalised(quotient)?;
        (self.sizes[node] == self.sizes[x]).then_some((x, epsilon, weight, bias))
    }

    /// The other input and the parameter of an operation with one constant row, whichever comes first.
    fn with_row(&self, node: NodeId, op: &Op, width: usize) -> Option<(NodeId, usize)> {
        if self.op(node) != op {
            return None;
        }
        let (a, b) = (self.inputs(node)[0], self.inputs(node)[1]);
        let row = |other: NodeId, constant: NodeId| Some((other, self.row(constant, width, 1)?));
        row(a, b).or_else(|| row(b, a))
    }

    /// Input and epsilon, if the node is the quotient.
    fn normalised(&self, node: NodeId) -> Option<(NodeId, f64)> {
        let [centred, deviation] = *self.inputs(node) else { return None };
        if *self.op(node) != Op::Divide {
            return None;
        }
        let x = self.centred(centred)?;
        let (scale, epsilon, variance) = self.affine(self.activation(deviation, Activation::Sqrt)?)?;
        let square = self.mean_of_rows(variance)?;
        let [a, b] = *self.inputs(square) else { return None };
        let squares =
            *self.op(square) == Op::Multiply && self.centred(a) == Some(x) && self.centred(b) == Some(x);
        (squares && near(scale, 1.0) && epsilon > 0.0).then_some((x, epsilon))
    }

    /// `x`, if the node is `x - mean(x)`.
    fn centred(&self, node: NodeId) -> Option<NodeId> {
        let [x, mean] = *self.inputs(node) else { return None };
        (*self.op(node) == Op::Subtract && self.mean_of_rows(mean) == Some(x)).then_some(x)
    }

    /// The input of a mean over the last axis.
    fn mean_of_rows(&self, node: NodeId) -> Option<NodeId> {
        let Op::Mean { axes, keep: true } = self.op(node) else { return None };
        let x = self.inputs(node)[0];
        (*axes == [self.sizes[x].len() - 1]).then_some(x)
    }
}
