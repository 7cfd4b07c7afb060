//! The structure of a network as plain data: named operations in the order in which they can be computed.

use super::shape::ShapeError;

pub use super::op::{Activation, Op, ParameterId, Pool};

/// The position of a node in [`Graph::nodes`]; inputs always come before the nodes that read them.
pub type NodeId = usize;

/// One named operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The checkpoint's name for it, such as `layer4.2.conv3`.
    pub name: String,
    /// What it does.
    pub op: Op,
    /// The nodes it reads.
    pub inputs: Vec<NodeId>,
}

/// A tensor that a checkpoint must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The checkpoint's key.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// How the probabilities of classes come from the scores of the last node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// One class of all: the softmax of the scores.
    #[default]
    Softmax,
    /// Each class by itself, as in multi-label networks: the sigmoid of its score.
    Sigmoid,
    /// The scores are probabilities.
    Identity,
}

/// A network without its weights. Node 0 is the input, the last node the class scores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Channels, height and width of the usual input.
    pub input: [usize; 3],
    /// Whether images of any other size are refused: position embeddings belong to one grid.
    pub fixed: bool,
    /// Operations, inputs first.
    pub nodes: Vec<Node>,
    /// The tensors that the operations use.
    pub parameters: Vec<Parameter>,
    /// The module whose output is the usual feature map, where that is not simply the last one.
    pub feature_layer: Option<String>,
    /// How probabilities come from the scores.
    pub link: Link,
}

impl Graph {
    /// The node of the image.
    pub const INPUT: NodeId = 0;

    /// A graph that holds nothing but its input, usually of these channels, height and width.
    pub fn new(input: [usize; 3]) -> Self {
        let mut graph = Self { input, ..Self::default() };
        graph.push("input", Op::Input, &[]);
        graph
    }

    /// The graph for images of as many channels as the convolutions that read the image have in the file whose tensors have
    /// these shapes: a network for grey images is the same one for colours otherwise.
    #[must_use]
    pub fn with_channels_of<'a>(mut self, shape: impl Fn(&str) -> Option<&'a [usize]>) -> Self {
        for node in &self.nodes {
            let Op::Conv2d { weight, groups: 1, .. } = node.op else { continue };
            let parameter = &mut self.parameters[weight];
            if node.inputs == [Self::INPUT]
                && let Some(&[_, channels, _, _]) = shape(&parameter.name)
            {
                parameter.shape[1] = channels;
                self.input[0] = channels;
            }
        }
        self
    }

    /// Appends an operation and returns its node.
    pub fn push(&mut self, name: impl Into<String>, op: Op, inputs: &[NodeId]) -> NodeId {
        self.nodes.push(Node { name: name.into(), op, inputs: inputs.to_vec() });
        self.nodes.len() - 1
    }

    /// Declares a tensor of the checkpoint.
    pub fn parameter(&mut self, name: impl Into<String>, shape: &[usize]) -> ParameterId {
        self.parameters.push(Parameter { name: name.into(), shape: shape.to_vec() });
        self.parameters.len() - 1
    }

    /// The node of the class scores.
    pub fn output(&self) -> NodeId {
        self.nodes.len() - 1
    }

    /// The node of that name, or the last node inside the module of that name (`layer4` is the output of
    /// its last block).
    pub fn find(&self, name: &str) -> Option<NodeId> {
        let exact = self.nodes.iter().position(|node| node.name == name);
        exact.or_else(|| {
            let inside = |node: &Node| node.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            self.nodes.iter().rposition(inside)
        })
    }

    /// The nodes that read each node.
    pub fn consumers(&self) -> Vec<Vec<NodeId>> {
        let mut consumers = vec![Vec::new(); self.nodes.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            for &input in &node.inputs {
                consumers[input].push(id);
            }
        }
        consumers
    }

    /// Whether each node's value depends on the image.
    pub fn varies(&self) -> Vec<bool> {
        self.depends_on(&[Self::INPUT])
    }

    /// Whether each node's value depends on one of the given nodes, those included.
    pub fn depends_on(&self, nodes: &[NodeId]) -> Vec<bool> {
        let mut depends = vec![false; self.nodes.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            depends[id] = nodes.contains(&id) || node.inputs.iter().any(|&input| depends[input]);
        }
        depends
    }

    /// All values that must be known to go on behind `node`: the node itself and whatever was computed from
    /// the image before it and is read after it (a residual branch that passes by).
    pub fn cut(&self, node: NodeId) -> Vec<NodeId> {
        let (consumers, varies) = (self.consumers(), self.varies());
        let passes = |id: NodeId| varies[id] && consumers[id].iter().any(|&reader| reader > node);
        (0..=node).filter(|&id| id == node || passes(id)).collect()
    }

    /// The nodes to compute for `fetches` when the values of `feeds` are given.
    pub fn needed(&self, feeds: &[NodeId], fetches: &[NodeId]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        for &fetch in fetches {
            needed[fetch] = true;
        }
        for id in (0..self.nodes.len()).rev() {
            if needed[id] && !feeds.contains(&id) {
                for &input in &self.nodes[id].inputs {
                    needed[input] = true;
                }
            }
        }
        needed
    }

    /// The number of classes: the length of the output's last axis.
    ///
    /// # Errors
    /// If the graph does not fit its own input.
    pub fn classes(&self) -> Result<usize, ShapeError> {
        let shapes = self.shapes(self.input)?;
        Ok(shapes.last().and_then(|shape| shape.last().copied()).unwrap_or(0))
    }

    /// Whether nothing but the scores can be had: no layers and no gradients.
    pub fn is_black_box(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node.op, Op::External(_)))
    }

    /// Whether the four axes of a node's value are images, channels, rows and columns. They are not in attention
    /// matrices, in the heads of queries, and in maps whose channels come last.
    pub fn holds_maps(&self, shapes: &[Vec<usize>], mut node: NodeId) -> bool {
        let varies = self.varies();
        loop {
            let Node { op, inputs, .. } = &self.nodes[node];
            let Some(&from) = inputs.iter().find(|&&input| varies[input]) else { return node == Self::INPUT };
            let last_two = |id: NodeId| shapes[id].iter().rev().take(2);
            match op {
                _ if shapes[node].len() != 4 && shapes[node].len() != 5 => return false,
                Op::Conv2d { .. }
                | Op::BatchNorm2d { .. }
                | Op::MaxPool2d(_)
                | Op::AvgPool2d { .. }
                | Op::AdaptiveAvgPool2d { .. } => return true,
                Op::Linear { .. } | Op::LayerNorm { .. } | Op::MatMul | Op::Flatten => return false,
                Op::Permute { axes } if *axes == [0, 3, 1, 2] => return true,
                Op::Permute { axes } if !axes.ends_with(&[axes.len() - 2, axes.len() - 1]) => return false,
                Op::Reshape { .. } if !last_two(node).eq(last_two(from)) => return false,
                _ => node = from,
            }
        }
    }

    /// The layer that `auto` stands for: the one that the builder names, else in a transformer the LayerNorm before
    /// the last attention, in other networks the last feature map with more than one position. Behind the last
    /// attention the tokens of patches no longer reach the class token, and their gradients are zero.
    pub fn auto_layer(&self) -> Option<NodeId> {
        if let Some(name) = &self.feature_layer {
            return self.find(name);
        }
        let shapes = self.shapes(self.input).ok()?;
        let attention = self
            .nodes
            .iter()
            .enumerate()
            .rposition(|(id, node)| matches!(node.op, Op::Softmax { .. }) && shapes[id].len() >= 3);
        if let Some(attention) = attention {
            let norm = |node: &Node| matches!(node.op, Op::LayerNorm { .. });
            return self.nodes[..attention].iter().rposition(norm);
        }
        let spatial = |id: &NodeId| matches!(*shapes[*id], [1, _, h, w] if h * w > 1);
        (1..shapes.len()).rev().filter(spatial).find(|&id| self.holds_maps(&shapes, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// input -> a -> b, and add(b, a).
    fn residual() -> Graph {
        let mut graph = Graph::new([3, 8, 8]);
        let a = graph.push("block.0.a", Op::Relu, &[Graph::INPUT]);
        let b = graph.push("block.0.b", Op::Relu, &[a]);
        let sum = graph.push("block.0.add", Op::Add, &[b, a]);
        graph.push("pool", Op::global_avg_pool(), &[sum]);
        graph
    }

    #[test]
    fn a_module_name_means_its_last_node() {
        let graph = residual();
        assert_eq!(graph.find("block"), Some(3));
        assert_eq!(graph.find("block.0"), Some(3));
        assert_eq!(graph.find("block.0.a"), Some(1));
        assert_eq!(graph.find("bloc"), None);
    }

    #[test]
    fn a_cut_inside_a_block_carries_the_branch_that_passes_by() {
        let graph = residual();
        assert_eq!(graph.cut(2), [1, 2]);
        assert_eq!(graph.cut(3), [3]);
    }

    #[test]
    fn nothing_before_a_feed_is_needed() {
        let graph = residual();
        assert_eq!(graph.needed(&[1, 2], &[4]), [false, true, true, true, true]);
    }

    #[test]
    fn the_last_feature_map_is_before_the_pool() {
        assert_eq!(residual().auto_layer(), Some(3));
    }

    #[test]
    fn constants_are_never_part_of_a_cut() {
        let mut graph = Graph::new([3, 8, 8]);
        let parameter = graph.parameter("scale", &[1, 3, 1, 1]);
        let scale = graph.push("scale", Op::Constant { parameter }, &[]);
        let a = graph.push("a", Op::Relu, &[Graph::INPUT]);
        graph.push("b", Op::Multiply, &[a, scale]);
        assert_eq!(graph.cut(a), [a]);
    }
}
