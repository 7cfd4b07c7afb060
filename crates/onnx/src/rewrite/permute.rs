//! Two orders of axes in a row are one, and often none.

use models::{NodeId, Op};

use super::Draft;

impl Draft {
    pub(super) fn cancel_permutes(&mut self) {
        let mut instead: Vec<NodeId> = (0..self.graph.nodes.len()).collect();
        for node in 0..self.graph.nodes.len() {
            self.graph.nodes[node].inputs.iter_mut().for_each(|input| *input = instead[*input]);
            let Op::Permute { axes } = self.op(node).clone() else { continue };
            let before = self.inputs(node)[0];
            let Op::Permute { axes: first } = self.op(before).clone() else { continue };
            let axes: Vec<usize> = axes.iter().map(|&axis| first[axis]).collect();
            let x = self.inputs(before)[0];
            if axes.is_sorted() {
                instead[node] = x;
            } else {
                self.replace(node, Op::Permute { axes }, vec![x]);
            }
        }
        self.output = instead[self.output];
    }
}
