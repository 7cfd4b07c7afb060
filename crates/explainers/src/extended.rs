//! A network in the making: a part of a trained one, and new layers on it.

use models::graph::{Node, ParameterId};
use models::network::Weight;
use models::{Device, Graph, Network, NodeId, Op, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;

/// A network that explains, and which of its weights learn.
#[derive(Clone, Debug)]
pub struct ExplainerNetwork {
    /// The network, its weights on the plain device.
    pub network: Network,
    /// Of each weight whether a loss may change it.
    pub learns: Vec<bool>,
}

/// How a new tensor begins.
#[derive(Clone, Debug)]
pub(crate) enum First {
    /// Drawn from `N(0, deviation^2)`.
    Normal(f32),
    /// Drawn evenly from `-bound` to `bound`.
    Uniform(f32),
    /// The same number everywhere.
    Equal(f32),
    /// These numbers, which do not learn.
    Fixed(Vec<f32>),
}

/// A part of a network with layers on it.
pub(crate) struct Extended {
    pub(crate) graph: Graph,
    weights: Vec<Weight>,
    /// Of each weight whether it is new and learns.
    new: Vec<bool>,
    seed: u64,
    device: Device,
}

impl Extended {
    /// What `ends` are computed from, and where these are now. New weights are drawn by the seed.
    pub(crate) fn of(network: &Network, ends: &[NodeId], seed: u64) -> (Self, Vec<NodeId>) {
        let old = network.graph();
        let needed = old.needed(&[], ends);
        let (nodes, parameters) = (Vec::new(), Vec::new());
        let graph = Graph { nodes, parameters, feature_layer: None, ..old.clone() };
        let device = network.weights().first().map_or_else(|| models::device::cpu().device, Weight::device);
        let mut part = Self { graph, weights: Vec::new(), new: Vec::new(), seed, device };
        let (mut moved, mut known) = (vec![0; old.nodes.len()], vec![None; old.parameters.len()]);
        for id in (0..old.nodes.len()).filter(|&id| needed[id] || id == Graph::INPUT) {
            let Node { name, mut op, inputs } = old.nodes[id].clone();
            for parameter in op.parameters_mut() {
                *parameter = *known[*parameter].get_or_insert_with(|| part.copy(network, *parameter));
            }
            let inputs: Vec<NodeId> = inputs.iter().map(|&input| moved[input]).collect();
            moved[id] = part.graph.push(name, op, &inputs);
        }
        let ends = ends.iter().map(|&end| moved[end]).collect();
        (part, ends)
    }

    fn copy(&mut self, network: &Network, id: ParameterId) -> ParameterId {
        self.weights.push(network.weights()[id].clone());
        self.new.push(false);
        self.graph.parameters.push(network.graph().parameters[id].clone());
        self.weights.len() - 1
    }

    /// A new tensor; its generator is keyed by the seed and its name.
    pub(crate) fn parameter(&mut self, name: &str, shape: &[usize], first: First) -> ParameterId {
        let count = shape.iter().product();
        self.new.push(!matches!(first, First::Fixed(_)));
        let numbers: Vec<f32> = match first {
            First::Normal(deviation) => {
                let draws = self.generator(name).sample_iter(StandardNormal);
                draws.take(count).map(|z: f32| z * deviation).collect()
            }
            First::Uniform(bound) => {
                let mut random = self.generator(name);
                (0..count).map(|_| bound * (2.0 * random.random::<f32>() - 1.0)).collect()
            }
            First::Equal(value) => vec![value; count],
            First::Fixed(numbers) => numbers,
        };
        self.weights.push(Weight::new(TensorData::new(numbers, shape.to_vec()), &self.device));
        self.graph.parameter(name, shape)
    }

    fn generator(&self, name: &str) -> impl rand::Rng + use<> {
        stats::random::generator(self.seed, &["explainer", name], 0)
    }

    /// A 1x1 convolution from so many channels to so many, with first weights as PyTorch's: evenly from -1 to 1 over the root of
    /// the channels that it reads.
    pub(crate) fn conv(&mut self, name: &str, x: NodeId, [from, to]: [usize; 2]) -> NodeId {
        let first = First::Uniform(1.0 / (from as f32).sqrt());
        let weight = self.parameter(&format!("{name}.weight"), &[to, from, 1, 1], first.clone());
        let bias = Some(self.parameter(&format!("{name}.bias"), &[to], first));
        let (stride, padding, dilation) = ([1; 2], [0; 2], [1; 2]);
        self.graph.push(name, Op::Conv2d { weight, bias, stride, padding, dilation, groups: 1 }, &[x])
    }

    /// A linear layer with first weights as those of Hugging Face's ViT: of a deviation of 0.02, biases zero.
    pub(crate) fn linear(&mut self, name: &str, x: NodeId, [from, to]: [usize; 2]) -> NodeId {
        let weight = self.parameter(&format!("{name}.weight"), &[to, from], First::Normal(0.02));
        let bias = Some(self.parameter(&format!("{name}.bias"), &[to], First::Equal(0.0)));
        self.graph.push(name, Op::Linear { weight, bias }, &[x])
    }

    /// The network. Of the weights of the part those learn for which `learns` says so; new ones do.
    pub(crate) fn finish(self, learns: impl Fn(ParameterId) -> bool) -> ExplainerNetwork {
        let learns = self.new.iter().enumerate().map(|(id, &new)| new || learns(id)).collect();
        ExplainerNetwork { network: Network::new(self.graph, self.weights), learns }
    }

    /// How many weights there are.
    pub(crate) fn count(&self) -> usize {
        self.weights.len()
    }
}
