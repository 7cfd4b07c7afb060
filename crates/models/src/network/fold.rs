//! BatchNorm folded into the convolution before it: the same function with fewer passes over memory.

use std::sync::Arc;

use burn::tensor::TensorData;

use super::graph::{Graph, NodeId, Op, Parameter, ParameterId};
use super::{Network, Weight};

/// In a list of layers to unfolded: all of them.
pub const ALL: &str = "*";

/// A convolution and the BatchNorm that alone reads it.
struct Pair {
    conv: NodeId,
    norm: NodeId,
}

impl Network {
    /// Folds every BatchNorm that alone reads a convolution: `w' = w s`, `b' = (b - mean) s + shift` with
    /// `s = scale / sqrt(variance + epsilon)`. The folded node has the BatchNorm's name, because that is
    /// the value it now gives. Pairs whose convolution is in `unfolded` stay apart, so that the value before
    /// the BatchNorm can still be read; [`ALL`] keeps all of them apart.
    ///
    /// Each operation is rounded to `f32` in the order in which PyTorch's exporters fold, so that a network and the ONNX
    /// file of it have the same weights: gradients of slightly other weights jump where an activation crosses zero.
    #[must_use]
    pub fn fold_batch_norm(&self, unfolded: &[String]) -> Self {
        let old = self.graph();
        let pairs = pairs(old, unfolded);
        let (nodes, parameters) = (Vec::new(), Vec::new());
        let mut graph = Graph { nodes, parameters, ..old.clone() };
        let mut weights = Vec::new();
        let mut moved: Vec<NodeId> = Vec::with_capacity(old.nodes.len());
        for (id, node) in old.nodes.iter().enumerate() {
            if let Some(pair) = pairs.iter().find(|pair| pair.norm == id) {
                moved.push(moved[pair.conv]);
                continue;
            }
            let pair = pairs.iter().find(|pair| pair.conv == id);
            let mut copy = node.clone();
            copy.inputs.iter_mut().for_each(|input| *input = moved[*input]);
            if let Some(pair) = pair {
                copy.name.clone_from(&old.nodes[pair.norm].name);
                self.fold_pair(pair, &mut copy.op, &mut graph, &mut weights);
            } else {
                self.copy_parameters(&mut copy.op, &mut graph, &mut weights);
            }
            moved.push(graph.nodes.len());
            graph.nodes.push(copy);
        }
        Self { counters: Arc::clone(&self.counters), ..Self::new(graph, weights) }
    }

    /// The convolutions that [`Network::fold_batch_norm`] keeps apart only because they are in `unfolded`: where the lists of
    /// two calls come to the same convolutions, so do the networks.
    pub fn kept_apart(&self, unfolded: &[String]) -> Vec<NodeId> {
        let all = pairs(self.graph(), &[]).into_iter().map(|pair| pair.conv);
        let folded: Vec<NodeId> = pairs(self.graph(), unfolded).into_iter().map(|pair| pair.conv).collect();
        all.filter(|conv| !folded.contains(conv)).collect()
    }

    fn fold_pair(&self, pair: &Pair, op: &mut Op, graph: &mut Graph, weights: &mut Vec<Weight>) {
        let old = self.graph();
        let Op::BatchNorm2d { weight: scale, bias: shift, mean, variance, epsilon } =
            &old.nodes[pair.norm].op
        else {
            unreachable!("a pair ends in a BatchNorm")
        };
        let Op::Conv2d { weight, bias, .. } = op else { unreachable!("a pair starts with a convolution") };
        let scale: Vec<f32> = (self.numbers(*scale).iter().zip(self.numbers(*variance)))
            .map(|(&scale, variance)| scale / (variance + *epsilon as f32).sqrt())
            .collect();
        let kernel = self.numbers(*weight);
        let taps = kernel.len() / scale.len();
        let kernel = kernel.iter().enumerate().map(|(i, &w)| w * scale[i / taps]).collect();
        let before = bias.map_or_else(|| vec![0.0; scale.len()], |id| self.numbers(id));
        let (mean, shift) = (self.numbers(*mean), self.numbers(*shift));
        let bias_of = |c: usize| (before[c] - mean[c]) * scale[c] + shift[c];
        let folded: Vec<f32> = (0..scale.len()).map(bias_of).collect();
        let bias_name = format!("{}.folded_bias", old.nodes[pair.norm].name);
        let spec = old.parameters[*weight].clone();
        *weight = self.add(graph, weights, spec, kernel);
        let spec = Parameter { name: bias_name, shape: vec![folded.len()] };
        *bias = Some(self.add(graph, weights, spec, folded));
    }

    fn add(
        &self,
        graph: &mut Graph,
        weights: &mut Vec<Weight>,
        spec: Parameter,
        data: Vec<f32>,
    ) -> ParameterId {
        let device = self.weights()[0].device();
        weights.push(Weight::new(TensorData::new(data, spec.shape.clone()), &device));
        graph.parameters.push(spec);
        weights.len() - 1
    }

    fn copy_parameters(&self, op: &mut Op, graph: &mut Graph, weights: &mut Vec<Weight>) {
        let mut copy = |id: &mut ParameterId| {
            graph.parameters.push(self.graph().parameters[*id].clone());
            weights.push(self.weights()[*id].clone());
            *id = weights.len() - 1;
        };
        op.parameters_mut().into_iter().for_each(&mut copy);
    }

    /// The numbers of a parameter, row-major, as `f32`.
    fn numbers(&self, id: ParameterId) -> Vec<f32> {
        self.weights()[id].data().convert::<f32>().try_into_vec::<f32>().expect("just converted to f32")
    }
}

fn pairs(graph: &Graph, unfolded: &[String]) -> Vec<Pair> {
    let consumers = graph.consumers();
    let nodes = graph.nodes.iter().enumerate();
    nodes
        .filter_map(|(norm, node)| {
            let conv = *node.inputs.first()?;
            let is_pair = matches!(node.op, Op::BatchNorm2d { .. })
                && matches!(graph.nodes[conv].op, Op::Conv2d { .. })
                && consumers[conv].len() == 1
                && !unfolded.iter().any(|name| name == ALL || *name == graph.nodes[conv].name);
            is_pair.then_some(Pair { conv, norm })
        })
        .collect()
}
