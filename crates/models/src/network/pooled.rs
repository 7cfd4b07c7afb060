//! The pooled features of an image: what the last linear layer reads.

use burn::tensor::Tensor;

use super::graph::{Graph, NodeId, Op};
use super::value::Value;
use super::{Network, Plain};

impl Graph {
    /// The node that the last linear layer reads, if all scores come through that layer: networks that end in a convolution, or in
    /// several heads, and black boxes have none.
    pub fn pooled(&self) -> Option<NodeId> {
        let last = self.nodes.iter().rposition(|node| matches!(node.op, Op::Linear { .. }))?;
        let passes_by = self.needed(&[last], &[self.output()])[Self::INPUT];
        (!passes_by).then(|| self.nodes[last].inputs[0])
    }
}

impl Network {
    /// [`Network::logits`], and with them the numbers at a node, in one row for each image.
    ///
    /// # Panics
    /// If the node is the output.
    pub fn logits_and(&self, x: Tensor<4>, node: NodeId) -> (Tensor<2>, Tensor<2>) {
        let feeds = vec![(Graph::INPUT, Value::new(x))];
        let mut found = self.run(feeds, &[self.graph().output(), node], &mut Plain);
        let value = found.pop().expect("two values are fetched");
        let images = value.shape()[0];
        let count = value.shape()[1..].iter().product();
        (found.remove(0).tensor(), value.reshape(&[images, count]).tensor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoo;

    /// What the last layer makes of the features are the scores, so they are its input.
    #[test]
    fn features_are_what_the_head_reads() {
        let pooled = |name: &str| {
            let graph = (zoo::architecture(name).unwrap().build)(10);
            let node = graph.pooled().map(|node| graph.nodes[node].name.clone());
            let shape = graph.pooled().map(|node| graph.shapes(graph.input).unwrap()[node].clone());
            (node, shape)
        };
        for (name, count) in [("resnet50", 2048), ("vgg16", 4096), ("mobilenet-v2", 1280), ("vit-b16", 768)] {
            let (node, shape) = pooled(name);
            assert_eq!(shape.map(|shape| shape.iter().product()), Some(count), "{name}: {node:?}");
        }
        assert_eq!(pooled("squeezenet1.0"), (None, None));
    }

    #[test]
    fn scores_that_come_past_the_layer_have_none() {
        let mut graph = Graph::new([3, 2, 2]);
        let pool = graph.push("pool", Op::Mean { axes: vec![2, 3], keep: false }, &[Graph::INPUT]);
        let head = |graph: &mut Graph, name: &str, from| {
            let weight = graph.parameter(name, &[3, 3]);
            graph.push(name, Op::Linear { weight, bias: None }, &[from])
        };
        let first = head(&mut graph, "first", pool);
        assert_eq!(graph.pooled(), Some(pool));
        let second = head(&mut graph, "second", first);
        assert_eq!(graph.pooled(), Some(first));
        graph.push("scale", Op::Affine { scale: 2.0, shift: 0.0 }, &[second]);
        assert_eq!(graph.pooled(), Some(first));
        graph.push("sum", Op::Add, &[first, second]);
        assert_eq!(graph.pooled(), None);
    }
}
