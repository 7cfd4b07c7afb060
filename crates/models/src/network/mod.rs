//! A network: a graph, its weights, and the interpreter that runs it.

mod apart;
mod blocked;
mod counters;
pub mod external;
pub mod fold;
pub mod graph;
pub mod guided;
pub mod layers;
pub mod op;
mod ops;
mod packed;
mod pooled;
pub mod shape;
mod single;
pub mod value;
pub mod walk;
mod weight;

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::checkpoint::{Checkpoint, CheckpointError};
use counters::Counters;
use graph::{Graph, NodeId, ParameterId};
pub use packed::Engine;
use packed::Role;
use value::Value;
pub use weight::Weight;

/// A graph with weights. It derives burn's `Module`, so optimisers work on it; for explaining, the weights
/// stay on the plain device and no gradient of a weight is ever computed.
#[derive(Module, Debug)]
pub struct Network {
    #[module(skip)]
    graph: Arc<Graph>,
    weights: Vec<Weight>,
    /// What was packed for the CPU.
    #[module(skip)]
    packed: Option<Arc<packed::Packed>>,
    /// Inputs run, by this network and all that is made from it.
    #[module(skip)]
    counters: Arc<Counters>,
}

/// What to do at each node: the way to watch a run, to replace a value or to change how an operation
/// behaves (guided ReLU, batch statistics in training).
pub trait Hooks {
    /// Computes `node` from its inputs; the default is the operation itself.
    fn apply(&mut self, network: &Network, node: NodeId, inputs: Vec<Value>) -> Value {
        network.apply(node, inputs)
    }

    /// Whether `apply` does nothing but the operation itself at `node`, and need not be called: then the node may
    /// be computed together with others, faster. The default is a careful no.
    fn plain(&self, _network: &Network, _node: NodeId) -> bool {
        false
    }

    /// Whether the images of a batch may go through the network in parts at one time, each with the operations as they are: nothing
    /// of the run is seen or changed. The default is a careful no.
    fn apart(&self) -> bool {
        false
    }

    /// Called when the value of `node` is there; nodes that are computed together only have one.
    fn computed(&mut self, _node: NodeId, _value: &Value) {}
}

/// The operations as they are.
pub struct Plain;

impl Hooks for Plain {
    fn plain(&self, _: &Network, _: NodeId) -> bool {
        true
    }

    fn apart(&self) -> bool {
        true
    }
}

/// Adds a tap to chosen nodes, so that one backward pass gives the gradient of each.
#[derive(Default)]
pub struct Taps {
    nodes: Vec<NodeId>,
    /// For each tapped node in the order of the run: the node, its value, the leaf that gets the gradient.
    pub taken: Vec<(NodeId, Value, Value)>,
}

impl Taps {
    /// Taps at these nodes.
    pub fn at(nodes: &[NodeId]) -> Self {
        Self { nodes: nodes.to_vec(), taken: Vec::new() }
    }
}

impl Hooks for Taps {
    fn apply(&mut self, network: &Network, node: NodeId, inputs: Vec<Value>) -> Value {
        let value = network.apply(node, inputs);
        if !self.nodes.contains(&node) {
            return value;
        }
        let (value, leaf) = value.tap();
        self.taken.push((node, value.clone(), leaf));
        value
    }

    fn plain(&self, _: &Network, node: NodeId) -> bool {
        !self.nodes.contains(&node)
    }
}

impl Network {
    /// Joins a graph to weights in the order of `graph.parameters`.
    ///
    /// # Panics
    /// If the numbers differ.
    pub fn new(graph: Graph, weights: Vec<Weight>) -> Self {
        assert_eq!(graph.parameters.len(), weights.len());
        Self { graph: Arc::new(graph), weights, packed: None, counters: Arc::default() }
    }

    /// Takes the weights that the graph declares out of a checkpoint.
    ///
    /// # Errors
    /// If a tensor is missing, has another shape, or is left over; or if there are several sets of weights.
    pub fn load(graph: Graph, checkpoint: &Checkpoint, device: &Device) -> Result<Self, CheckpointError> {
        let weights = checkpoint.choose(&graph.parameters, None, None)?.weights(&graph.parameters)?;
        Ok(Self::new(graph, weights.into_iter().map(|numbers| Weight::new(numbers, device)).collect()))
    }

    /// The structure.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The weights in the order of `graph().parameters`.
    pub fn weights(&self) -> &[Weight] {
        &self.weights
    }

    /// The same structure with other weights.
    ///
    /// # Panics
    /// If the numbers differ.
    #[must_use]
    pub fn with_weights(&self, weights: Vec<Weight>) -> Self {
        assert_eq!(self.weights.len(), weights.len());
        let (graph, counters) = (Arc::clone(&self.graph), Arc::clone(&self.counters));
        Self { graph, weights, packed: None, counters }
    }

    /// The number of classes.
    ///
    /// # Panics
    /// If the graph does not fit its own input: a builder that makes such a graph is wrong.
    pub fn classes(&self) -> usize {
        self.graph.classes().unwrap_or_else(|error| panic!("{error}"))
    }

    /// A vector weight as a tensor.
    ///
    /// # Panics
    /// If the parameter has another rank: the graph declares it.
    pub fn vector(&self, id: ParameterId) -> Tensor<1> {
        match &self.weights[id] {
            Weight::Vector(param) => param.val(),
            other => panic!("parameter {id} is not a vector: {other:?}"),
        }
    }

    /// A matrix weight as a tensor.
    ///
    /// # Panics
    /// If the parameter has another rank: the graph declares it.
    pub fn matrix(&self, id: ParameterId) -> Tensor<2> {
        match &self.weights[id] {
            Weight::Matrix(param) => param.val(),
            other => panic!("parameter {id} is not a matrix: {other:?}"),
        }
    }

    /// A kernel as a tensor.
    ///
    /// # Panics
    /// If the parameter has another rank: the graph declares it.
    pub fn kernel(&self, id: ParameterId) -> Tensor<4> {
        match &self.weights[id] {
            Weight::Kernel(param) => param.val(),
            other => panic!("parameter {id} is not a kernel: {other:?}"),
        }
    }

    /// Class scores before the softmax, `(n, classes)`, of normalised images `(n, 3, h, w)`.
    pub fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.logits_with(x, &mut Plain)
    }

    /// [`Network::logits`] under other hooks.
    pub fn logits_with(&self, x: Tensor<4>, hooks: &mut dyn Hooks) -> Tensor<2> {
        let feeds = vec![(Graph::INPUT, Value::new(x))];
        self.run(feeds, &[self.graph.output()], hooks).remove(0).tensor()
    }

    /// Computes the values of `fetches` from the given values of some nodes; nothing else is computed.
    ///
    /// Feeding the input runs the whole network; feeding the values of a [`Graph::cut`] resumes it there. A
    /// value is dropped when its last reader has run.
    ///
    /// # Panics
    /// If the feeds do not determine the fetches.
    pub fn run(&self, feeds: Vec<(NodeId, Value)>, fetches: &[NodeId], hooks: &mut dyn Hooks) -> Vec<Value> {
        let parts = if hooks.apart() { self.run_in_parts(&feeds, fetches) } else { None };
        parts.unwrap_or_else(|| self.run_whole(feeds, fetches, hooks))
    }

    fn run_whole(
        &self,
        feeds: Vec<(NodeId, Value)>,
        fetches: &[NodeId],
        hooks: &mut dyn Hooks,
    ) -> Vec<Value> {
        let graph = &self.graph;
        self.counters.add_forwards(feeds.first().map_or(0, |(_, value)| value.shape()[0]));
        let fed: Vec<NodeId> = feeds.iter().map(|(id, _)| *id).collect();
        let needed = graph.needed(&fed, fetches);
        let plain = |id| needed[id] && !fed.contains(&id) && hooks.plain(self, id);
        let roles = self.roles(plain, |id| fetches.contains(&id));
        let reads = |id: NodeId| match roles[id] {
            Role::Inside => Vec::new(),
            Role::End(chain, count) => chain.inputs(graph, count),
            Role::Alone => graph.nodes[id].inputs.clone(),
        };
        let mut readers = vec![0; graph.nodes.len()];
        for id in (0..graph.nodes.len()).filter(|id| needed[*id] && !fed.contains(id)) {
            for input in reads(id) {
                readers[input] += 1;
            }
        }
        for &fetch in fetches {
            readers[fetch] += 1;
        }
        let mut values: Vec<Option<Value>> = vec![None; graph.nodes.len()];
        for (id, value) in feeds {
            values[id] = Some(value);
        }
        for id in 0..graph.nodes.len() {
            if !needed[id] || values[id].is_some() {
                continue;
            }
            let mut inputs =
                || reads(id).into_iter().map(|input| take(&mut values, &mut readers, input)).collect();
            values[id] = match roles[id] {
                Role::Inside => None,
                Role::End(chain, count) => Some(self.apply_chain(chain, count, inputs())),
                Role::Alone => Some(hooks.apply(self, id, inputs())),
            };
            if let Some(value) = &values[id] {
                hooks.computed(id, value);
            }
        }
        fetches.iter().map(|&fetch| take(&mut values, &mut readers, fetch)).collect()
    }
}

/// Reads a value, leaving it behind only for further readers.
fn take(values: &mut [Option<Value>], readers: &mut [usize], id: NodeId) -> Value {
    readers[id] -= 1;
    let value = if readers[id] == 0 { values[id].take() } else { values[id].clone() };
    value.unwrap_or_else(|| panic!("node {id} was not computed: the feeds do not determine the fetches"))
}
