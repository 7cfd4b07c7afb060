//! Operations that one kernel can compute together: a convolution or linear layer, a sum, a ReLU; attention.

use std::collections::HashMap;
use std::sync::Arc;

use kernels::{Epilogue, Function, Level};

use super::attention::Attention;
use super::kernel::{Kernel, Layouts, call, fits};
use super::layer::Chained;
use super::pointwise::function;
use crate::network::Network;
use crate::network::graph::{Graph, NodeId, Op};
use crate::network::value::Value;

/// Nodes that one kernel can compute.
#[derive(Debug)]
pub(in crate::network) enum Chain {
    /// Each node but the last is read by the next one alone, so that a kernel can stop after any of them.
    Layer {
        /// A packed layer, then perhaps a sum, then perhaps a function of single numbers.
        nodes: Vec<NodeId>,
        /// What the sum adds.
        added: Option<NodeId>,
    },
    /// All or nothing.
    Attention(Attention),
}

/// What becomes of a node in one run.
#[derive(Clone, Copy, Debug)]
pub(in crate::network) enum Role<'a> {
    /// It is computed by itself.
    Alone,
    /// It is computed inside a chain, and its value is not seen.
    Inside,
    /// It is the value of the first so many nodes of a chain.
    End(&'a Chain, usize),
}

/// The chains of a graph, none of which share a node. `packed` says which layers can start one.
pub(super) fn chains(graph: &Graph, level: Level, packed: impl Fn(NodeId) -> bool) -> Vec<Chain> {
    let attention = Attention::all(graph, level, &packed).into_iter().map(Chain::Attention);
    layers(graph, &packed).into_iter().chain(attention).collect()
}

fn layers(graph: &Graph, packed: impl Fn(NodeId) -> bool) -> Vec<Chain> {
    let consumers = graph.consumers();
    let mut taken = vec![false; graph.nodes.len()];
    let mut chains = Vec::new();
    // Of two layers that are added, the later one does it: the other's value is there by then.
    for start in (0..graph.nodes.len()).rev().filter(|&node| packed(node)) {
        let (mut nodes, mut added) = (vec![start], None);
        // A value that has a second reader must be written out, so a chain goes on only through a single reader.
        let mut last = start;
        while let [next] = consumers[last][..] {
            let node = &graph.nodes[next];
            match (&node.op, &node.inputs[..]) {
                // The other summand is a layer, and its chain, found before, has the sum.
                _ if taken[next] => break,
                (Op::Add, &[a, b]) if added.is_none() => {
                    added = Some(if a == last { b } else { a });
                }
                // A kernel's function comes last: nothing can follow in the same chain.
                (op, _) if function(op).is_some() => {
                    nodes.push(next);
                    break;
                }
                _ => break,
            }
            nodes.push(next);
            last = next;
        }
        if nodes.len() > 1 {
            for &node in &nodes {
                taken[node] = true;
            }
            chains.push(Chain::Layer { nodes, added });
        }
    }
    chains
}

impl Chain {
    fn nodes(&self) -> &[NodeId] {
        match self {
            Self::Layer { nodes, .. } => nodes,
            Self::Attention(attention) => &attention.nodes,
        }
    }

    /// The node that the others are said to be computed with.
    fn head(&self) -> NodeId {
        match self {
            Self::Layer { nodes, .. } => nodes[0],
            Self::Attention(attention) => attention.softmax,
        }
    }

    /// How many of the first nodes can be computed together if those that are not `plain` are left out and those that are `seen` get
    /// a value; fewer than two are none.
    fn part(&self, plain: impl Fn(NodeId) -> bool, seen: impl Fn(NodeId) -> bool) -> usize {
        let nodes = self.nodes();
        let plain = nodes.iter().take_while(|&&node| plain(node)).count();
        let unseen = nodes.iter().take_while(|&&node| !seen(node)).count();
        // The last value of the part is seen anyway, so one node more than those that nobody looks at.
        let count = plain.min(unseen + 1);
        match self {
            Self::Attention(_) if count < nodes.len() => 0,
            _ => count,
        }
    }

    /// The nodes that the first `count` of the chain read.
    pub(in crate::network) fn inputs(&self, graph: &Graph, count: usize) -> Vec<NodeId> {
        match self {
            Self::Layer { nodes, added } => {
                let sums = nodes[..count].iter().filter(|&&node| graph.nodes[node].op == Op::Add).count();
                let added = added.filter(|_| sums > 0);
                std::iter::once(graph.nodes[nodes[0]].inputs[0]).chain(added).collect()
            }
            Self::Attention(attention) => vec![attention.source],
        }
    }
}

impl Network {
    /// The convolution, linear layer or attention's softmax that a node is computed together with, unless a value between is asked
    /// for.
    pub fn computed_with(&self, node: NodeId) -> Option<NodeId> {
        let mut chains = self.packed.iter().flat_map(|packed| &packed.chains);
        chains.find(|chain| chain.nodes().contains(&node)).map(Chain::head).filter(|&head| head != node)
    }

    /// What becomes of each node if only those that are `plain` may be computed together, and only those that
    /// are not `seen` may go unseen.
    pub(in crate::network) fn roles(
        &self,
        plain: impl Fn(NodeId) -> bool,
        seen: impl Fn(NodeId) -> bool,
    ) -> Vec<Role<'_>> {
        let mut roles = vec![Role::Alone; self.graph().nodes.len()];
        for chain in self.packed.iter().flat_map(|packed| &packed.chains) {
            let (nodes, count) = (chain.nodes(), chain.part(&plain, &seen));
            if count > 1 {
                nodes[..count - 1].iter().for_each(|&node| roles[node] = Role::Inside);
                roles[nodes[count - 1]] = Role::End(chain, count);
            }
        }
        roles
    }

    /// The first `count` nodes of a chain.
    pub(in crate::network) fn apply_chain(&self, chain: &Chain, count: usize, inputs: Vec<Value>) -> Value {
        if let Some((kernel, layouts)) = self.chain_kernel(chain, count, &inputs) {
            return call(kernel, layouts, inputs);
        }
        // On another device, with tracked weights or a summand that is broadcast, the nodes are computed one by one as if there
        // were no chain: the roles of this run are fixed by now.
        let mut values: HashMap<NodeId, Value> =
            chain.inputs(self.graph(), count).into_iter().zip(inputs).collect();
        let nodes = &chain.nodes()[..count];
        for &node in nodes {
            let inputs = self.graph().nodes[node].inputs.iter().map(|input| values[input].clone()).collect();
            values.insert(node, self.apply(node, inputs));
        }
        values.remove(&nodes[count - 1]).expect("the last node was computed")
    }

    /// The kernel of the first `count` nodes of a chain, if it can work on these values.
    fn chain_kernel(
        &self,
        chain: &Chain,
        count: usize,
        inputs: &[Value],
    ) -> Option<(Arc<dyn Kernel>, Layouts)> {
        if !inputs.iter().all(fits) {
            return None;
        }
        match chain {
            Chain::Layer { nodes, .. } => {
                let layer = Arc::clone(&self.packed_node(nodes[0])?.layer);
                let shape = layer.output(&inputs[0].shape());
                let (clip, end) = match function(&self.graph().nodes[nodes[count - 1]].op) {
                    Some(Function::Clip(bounds)) => (bounds, None),
                    end => (Epilogue::NOTHING.clip, end),
                };
                let level = self.packed.as_ref()?.level;
                let layouts = layer.layouts();
                let kernel: Arc<dyn Kernel> = Arc::new(Chained { level, layer, clip, end });
                inputs.get(1).is_none_or(|added| added.shape() == shape).then_some((kernel, layouts))
            }
            Chain::Attention(Attention { kernel, .. }) => {
                let fits = kernel.fits(&inputs[0].shape());
                fits.then(|| (Arc::clone(kernel) as Arc<dyn Kernel>, Layouts::Plain))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// input -> a -> b -> sum -> relu, where the sum also reads c, which reads the input.
    fn residual() -> Graph {
        let mut graph = Graph::new([3, 8, 8]);
        let mut conv = |name: &str, from: NodeId| {
            let weight = graph.parameter(format!("{name}.weight"), &[3, 3, 1, 1]);
            let op = Op::Conv2d {
                weight,
                bias: None,
                stride: [1; 2],
                padding: [0; 2],
                dilation: [1; 2],
                groups: 1,
            };
            graph.push(name, op, &[from])
        };
        let a = conv("a", Graph::INPUT);
        let b = conv("b", a);
        let c = conv("c", Graph::INPUT);
        let sum = graph.push("sum", Op::Add, &[b, c]);
        graph.push("relu", Op::Relu, &[sum]);
        graph
    }

    #[test]
    fn the_later_of_two_convolutions_takes_the_sum() {
        let graph = residual();
        let chains = layers(&graph, |node| matches!(graph.nodes[node].op, Op::Conv2d { .. }));
        assert_eq!(chains.len(), 1);
        assert_eq!(chains[0].nodes(), [3, 4, 5]);
        assert_eq!(chains[0].inputs(&graph, 3), [Graph::INPUT, 2]);
        assert_eq!(chains[0].inputs(&graph, 1), [Graph::INPUT]);
    }
}
