//! A constant that is added behind a linear layer or a convolution becomes its bias.

use models::{NodeId, Op};

use super::Draft;

impl Draft {
    pub(super) fn merge_biases(&mut self) {
        let readers: Vec<usize> = self.graph.consumers().iter().map(Vec::len).collect();
        for node in 0..self.graph.nodes.len() {
            if *self.op(node) != Op::Add {
                continue;
            }
            let (a, b) = (self.inputs(node)[0], self.inputs(node)[1]);
            if !self.merge_bias(node, a, b, &readers) {
                self.merge_bias(node, b, a, &readers);
            }
        }
    }

    fn merge_bias(&mut self, node: NodeId, layer: NodeId, constant: NodeId, readers: &[usize]) -> bool {
        let (from_last, channel) = match self.op(layer) {
            Op::Linear { bias: None, .. } => (1, self.sizes[layer].len() - 1),
            Op::Conv2d { bias: None, .. } => (3, 1),
            _ => return false,
        };
        let length = self.sizes[layer][channel];
        // A single number repeated over the channels would be another shape.
        let Some(parameter) = self.row(constant, length, from_last) else { return false };
        if readers[layer] != 1 || self.sizes[node].len() != self.sizes[layer].len() {
            return false;
        }
        let vector = self.vector_of(parameter);
        let mut op = self.op(layer).clone();
        if let Op::Linear { bias, .. } | Op::Conv2d { bias, .. } = &mut op {
            *bias = Some(vector);
        }
        let inputs = self.inputs(layer).to_vec();
        self.replace(node, op, inputs);
        true
    }
}
