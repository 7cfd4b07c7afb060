//! What the output does not need goes.

use models::Graph;
use models::graph::Parameter;

use super::Draft;
use crate::importer::Names;

impl Draft {
    /// Keeps the input and what the output needs; the output becomes the last node.
    pub(super) fn prune(&mut self) {
        let mut needed = self.graph.needed(&[], &[self.output]);
        needed[Graph::INPUT] = true;
        let mut old = std::mem::take(&mut self.graph);
        let nodes = std::mem::take(&mut old.nodes);
        let parameters = std::mem::take(&mut old.parameters);
        let mut numbers: Vec<Option<Vec<f32>>> =
            std::mem::take(&mut self.weights).into_iter().map(Some).collect();
        let sizes = std::mem::take(&mut self.sizes);
        self.graph = old;
        let mut names = Names::default();
        let mut moved = vec![0; nodes.len()];
        for (id, (mut node, sizes)) in nodes.into_iter().zip(sizes).enumerate() {
            if !needed[id] {
                continue;
            }
            moved[id] = self.graph.nodes.len();
            node.inputs.iter_mut().for_each(|input| *input = moved[*input]);
            for parameter in node.op.parameters_mut() {
                // A parameter belongs to one node.
                let own = numbers[*parameter].take().unwrap_or_default();
                self.weights.push(own);
                let Parameter { name, shape } = &parameters[*parameter];
                // A tensor that is used twice is two parameters.
                self.graph.parameters.push(Parameter { name: names.unique(name), shape: shape.clone() });
                *parameter = self.weights.len() - 1;
            }
            self.graph.nodes.push(node);
            self.sizes.push(sizes);
        }
        self.output = moved[self.output];
    }
}
