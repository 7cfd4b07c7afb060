//! Walking a network backwards by rules: what a gradient does by calculus, relevance propagation, DeepLIFT
//! and deconvolution do by rules of their own, one for each kind of operation.

use burn::tensor::Tensor;

use super::graph::{Graph, NodeId, Op};
use super::value::{Binary, Value};
use super::{Hooks, Network, Plain};

/// All values of one run that depend on the image, and the stored ones that they met.
pub struct Trace {
    values: Vec<Option<Value>>,
}

/// Keeps every value that a run computes.
struct Keep(Vec<Option<Value>>);

impl Hooks for Keep {
    fn apply(&mut self, network: &Network, node: NodeId, inputs: Vec<Value>) -> Value {
        let value = Plain.apply(network, node, inputs);
        self.0[node] = Some(value.clone());
        value
    }
}

impl Trace {
    /// The value of a node.
    ///
    /// # Panics
    /// If the run did not compute it.
    pub fn value(&self, node: NodeId) -> &Value {
        self.values[node].as_ref().unwrap_or_else(|| panic!("node {node} was not computed"))
    }
}

/// One operation on the way back.
pub struct Step<'a> {
    /// The network.
    pub network: &'a Network,
    /// The operation's node.
    pub node: NodeId,
    /// The values that it got.
    pub inputs: Vec<Value>,
    /// The value that it gave.
    pub output: &'a Value,
    /// Which inputs depend on the image.
    pub varies: Vec<bool>,
}

impl Step<'_> {
    /// The operation.
    pub fn op(&self) -> &Op {
        &self.network.graph().nodes[self.node].op
    }

    /// The gradient: what each input gets of a quantity at the output, by the operation's derivative.
    pub fn gradient(&self, arrived: &Value) -> Vec<Value> {
        self.run(self.network, self.inputs.clone()).gradient(arrived)
    }

    /// Computes the operation with other weights or other inputs, ready for its gradient.
    pub fn run(&self, network: &Network, inputs: Vec<Value>) -> Tracked {
        let leaves: Vec<Value> = (inputs.into_iter().zip(&self.varies))
            .map(|(input, &varies)| if varies { input.leaf() } else { input })
            .collect();
        let output = network.apply(self.node, leaves.clone());
        Tracked { leaves, varies: self.varies.clone(), output }
    }
}

/// One operation that has run and knows its derivative.
pub struct Tracked {
    leaves: Vec<Value>,
    varies: Vec<bool>,
    output: Value,
}

impl Tracked {
    /// What the operation gives.
    pub fn output(&self) -> Value {
        self.output.clone().untracked()
    }

    /// The gradient of `output * arrived` at each input; zero at inputs that do not depend on the image.
    pub fn gradient(self, arrived: &Value) -> Vec<Value> {
        // The gradient of `sum(output * arrived)` is the operation's transposed derivative applied to what arrived.
        let gradients = self.output.binary(arrived.clone(), Binary::Multiply).sum().backward();
        let of = |(leaf, varies): (Value, bool)| {
            let gradient = if varies { leaf.grad(&gradients) } else { None };
            gradient.unwrap_or_else(|| leaf.untracked().map(|x| x.zeros_like()))
        };
        self.leaves.into_iter().zip(self.varies).map(of).collect()
    }
}

/// A rule for every operation.
pub trait PropagationRule {
    /// What each input of an operation gets, in order, of the quantity that arrived at its output; the shape is
    /// the input's. What inputs that do not depend on the image get is thrown away.
    fn step(&mut self, step: &Step<'_>, arrived: Value) -> Vec<Value>;
}

impl Network {
    /// Runs the network on images and keeps all values.
    pub fn trace(&self, x: Tensor<4>) -> Trace {
        self.trace_from(vec![(Graph::INPUT, Value::new(x))])
    }

    /// Runs the network behind the given values, as those of a [`Graph::cut`], and keeps all values.
    pub fn trace_from(&self, feeds: Vec<(NodeId, Value)>) -> Trace {
        let mut keep = Keep(vec![None; self.graph().nodes.len()]);
        for (node, value) in &feeds {
            keep.0[*node] = Some(value.clone());
        }
        self.run(feeds, &[self.graph().output()], &mut keep);
        Trace { values: keep.0 }
    }

    /// Hands a quantity at the output back to earlier nodes by a rule. Where branches meet, what they bring
    /// is added. The result holds what arrived at each of `targets`, and nothing is walked that lies behind
    /// none of them.
    ///
    /// # Panics
    /// If the trace is another network's.
    pub fn walk_back(
        &self,
        trace: &Trace,
        seed: Value,
        targets: &[NodeId],
        rule: &mut dyn PropagationRule,
    ) -> Vec<Option<Value>> {
        let graph = self.graph();
        self.counters.add_backwards(seed.shape()[0]);
        let varies = graph.varies();
        let wanted = graph.depends_on(targets);
        let mut arrived: Vec<Option<Value>> = vec![None; graph.nodes.len()];
        arrived[graph.output()] = Some(seed);
        // Inputs come before their readers, so from the end each node has all that its readers bring when its turn comes.
        for node in (0..graph.nodes.len()).rev() {
            let inputs = &graph.nodes[node].inputs;
            let before = wanted[node] && inputs.iter().any(|&input| wanted[input]);
            // What is asked for is kept, and also goes on where another target lies before it.
            let kept = targets.contains(&node);
            let quantity = if kept { arrived[node].clone() } else { arrived[node].take() };
            let Some(quantity) = quantity.filter(|_| before) else { continue };
            let step = Step {
                network: self,
                node,
                inputs: inputs.iter().map(|&input| trace.value(input).clone()).collect(),
                output: trace.value(node),
                varies: inputs.iter().map(|&input| varies[input]).collect(),
            };
            for (&input, share) in inputs.iter().zip(rule.step(&step, quantity)) {
                // Shares of stored tensors and of branches without a target end here; that they are lost is right: nobody asks.
                if wanted[input] {
                    arrived[input] = Some(match arrived[input].take() {
                        Some(sum) => sum.binary(share, Binary::Add),
                        None => share,
                    });
                }
            }
        }
        targets.iter().map(|&target| arrived[target].take()).collect()
    }
}

/// The chain rule: [`Network::walk_back`] with it gives gradients.
pub struct ChainRule;

impl PropagationRule for ChainRule {
    fn step(&mut self, step: &Step<'_>, arrived: Value) -> Vec<Value> {
        step.gradient(&arrived)
    }
}
