//! Operations that one kernel can compute together: a convolution or linear layer, a sum, a ReLU.

use std::sync::Arc;

use kernels::Epilogue;

use super::kernel::{call, fits};
use super::layer::Chained;
use super::pointwise::bounds;
use crate::network::Network;
use crate::network::graph::{Graph, NodeId, Op};
use crate::network::value::Value;

/// Nodes of which each but the last is read by the next one alone.
#[derive(Debug)]
pub(in crate::network) struct Chain {
    /// A packed layer, then perhaps a sum, then perhaps a ReLU or another clipping.
    nodes: Vec<NodeId>,
    /// What the sum adds.
    added: Option<NodeId>,
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

/// The chains of a graph, none of which share a node. `packed` says which nodes can start one.
pub(super) fn chains(graph: &Graph, packed: impl Fn(NodeId) -> bool) -> Vec<Chain> {
    let consumers = graph.consumers();
    let mut taken = vec![false; graph.nodes.len()];
    let mut chains = Vec::new();
    // Of two layers that are added, the later one does it: the other's value is there by then.
    for start in (0..graph.nodes.len()).rev().filter(|&node| packed(node)) {
        let mut chain = Chain { nodes: vec![start], added: None };
        // A value that has a second reader must be written out, so a chain goes on only through a single reader.
        let mut last = start;
        while let [next] = consumers[last][..] {
            let node = &graph.nodes[next];
            match (&node.op, &node.inputs[..]) {
                // The other summand is a layer, and its chain, found before, has the sum.
                _ if taken[next] => break,
                (Op::Add, &[a, b]) if chain.added.is_none() => {
                    chain.added = Some(if a == last { b } else { a });
                }
                // A kernel clips last: nothing can follow in the same chain.
                (op, _) if bounds(op).is_some() => {
                    chain.nodes.push(next);
                    break;
                }
                _ => break,
            }
            chain.nodes.push(next);
            last = next;
        }
        if chain.nodes.len() > 1 {
            chain.nodes.iter().for_each(|&node| taken[node] = true);
            chains.push(chain);
        }
    }
    chains
}

impl Chain {
    /// The nodes that the first `count` of the chain read.
    pub(in crate::network) fn inputs(&self, graph: &Graph, count: usize) -> Vec<NodeId> {
        let sums = self.nodes[..count].iter().filter(|&&node| graph.nodes[node].op == Op::Add).count();
        let added = self.added.filter(|_| sums > 0);
        std::iter::once(graph.nodes[self.nodes[0]].inputs[0]).chain(added).collect()
    }
}

impl Network {
    /// The convolution or linear layer that a node is computed together with, unless a value between is asked for.
    pub fn computed_with(&self, node: NodeId) -> Option<NodeId> {
        let mut chains = self.packed.iter().flat_map(|packed| &packed.chains);
        chains.find(|chain| chain.nodes[1..].contains(&node)).map(|chain| chain.nodes[0])
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
            let plain = chain.nodes.iter().take_while(|&&node| plain(node)).count();
            let unseen = chain.nodes.iter().take_while(|&&node| !seen(node)).count();
            // The last value of the part is seen anyway, so one node more than those that nobody looks at.
            let count = plain.min(unseen + 1);
            if count > 1 {
                chain.nodes[..count - 1].iter().for_each(|&node| roles[node] = Role::Inside);
                roles[chain.nodes[count - 1]] = Role::End(chain, count);
            }
        }
        roles
    }

    /// The first `count` nodes of a chain.
    pub(in crate::network) fn apply_chain(&self, chain: &Chain, count: usize, inputs: Vec<Value>) -> Value {
        let nodes = &chain.nodes[..count];
        if let (Some(packed), Some(node)) = (&self.packed, self.packed_node(nodes[0]))
            && inputs.iter().all(fits)
            && inputs.get(1).is_none_or(|added| added.shape() == node.layer.output(&inputs[0].shape()))
        {
            let clip = nodes.iter().find_map(|&node| bounds(&self.graph().nodes[node].op));
            let kernel = Chained {
                level: packed.level,
                layer: Arc::clone(&node.layer),
                clip: clip.unwrap_or(Epilogue::NOTHING.clip),
            };
            return call(Arc::new(kernel), node.layer.layouts(), inputs);
        }
        // On another device, with tracked weights or a summand that is broadcast, the nodes are computed one by one as if there
        // were no chain: the roles of this run are fixed by now. Only the first node and the sum read values from outside.
        let mut inputs = inputs.into_iter();
        nodes
            .iter()
            .fold(None, |value: Option<Value>, &node| {
                let wanted = self.graph().nodes[node].inputs.len();
                Some(self.apply(node, value.into_iter().chain(inputs.by_ref()).take(wanted).collect()))
            })
            .expect("a chain has nodes")
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
        let chains = chains(&graph, |node| matches!(graph.nodes[node].op, Op::Conv2d { .. }));
        assert_eq!(chains.len(), 1);
        assert_eq!(chains[0].nodes, [3, 4, 5]);
        assert_eq!(chains[0].inputs(&graph, 3), [Graph::INPUT, 2]);
        assert_eq!(chains[0].inputs(&graph, 1), [Graph::INPUT]);
    }
}
