//! The layers of a network that have weights, in the order in which they are computed.
//!
//! A layer is a convolution or linear layer with all that directly follows it and only scales and shifts its channels (its BatchNorm, a
//! bias or a scale that stands by itself): folded into one another these are one operation. Any other normalisation, tokens and
//! position embeddings are layers of their own. Branches come one after the other, as the graph has them.

use super::Network;
use super::graph::{Graph, NodeId, Op, ParameterId};
use crate::initialise::{Constants, EMBEDDING, First, is_vector};

/// Operations whose weights belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The name of its first operation.
    pub name: String,
    /// Its operations with weights; the first one gives the name.
    pub nodes: Vec<NodeId>,
    /// Its tensors.
    pub parameters: Vec<ParameterId>,
}

impl Graph {
    /// The layers with weights, from the input to the output. Each tensor is part of one: of the first that reads it.
    pub fn layers(&self) -> Vec<Layer> {
        let first = First::of(self);
        let constants = Constants::new(self);
        // Of each node the layer that ends there.
        let mut ends: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut taken = vec![false; self.parameters.len()];
        let mut layers: Vec<Layer> = Vec::new();
        for id in 0..self.nodes.len() {
            for holder in holders(self, id, &constants) {
                let mut op = self.nodes[holder].op.clone();
                let own = op.parameters_mut().into_iter().map(|id| *id);
                let parameters: Vec<ParameterId> = own
                    .filter(|&id| first[id] != First::Fixed && !std::mem::replace(&mut taken[id], true))
                    .collect();
                if parameters.is_empty() {
                    continue;
                }
                let before = self.continues(id, holder, &parameters, &constants).and_then(|from| ends[from]);
                let at = before.unwrap_or_else(|| {
                    layers.push(Layer {
                        name: self.nodes[holder].name.clone(),
                        nodes: vec![],
                        parameters: vec![],
                    });
                    layers.len() - 1
                });
                layers[at].nodes.push(holder);
                layers[at].parameters.extend(parameters);
                ends[id] = Some(at);
            }
            ends[id] = ends[id].or_else(|| self.passes(id).and_then(|from| ends[from]));
        }
        layers
    }

    /// The node before an operation that only scales and shifts the channels of what is before it.
    fn continues(
        &self,
        id: NodeId,
        holder: NodeId,
        parameters: &[ParameterId],
        constants: &Constants<'_>,
    ) -> Option<NodeId> {
        let is_vector = |id: &ParameterId| is_vector(&self.parameters[*id].shape);
        let node = &self.nodes[id];
        match node.op {
            Op::BatchNorm2d { .. } => Some(node.inputs[0]),
            Op::Add | Op::Multiply if holder != id && parameters.iter().all(is_vector) => {
                node.inputs.iter().copied().find(|&input| constants.varies(input))
            }
            _ => None,
        }
    }

    /// The input of an operation that leaves each number as it is.
    fn passes(&self, id: NodeId) -> Option<NodeId> {
        let node = &self.nodes[id];
        matches!(node.op, Op::Permute { .. } | Op::Reshape { .. } | Op::Flatten).then(|| node.inputs[0])
    }
}

impl Network {
    /// The layers of the graph, without stored tensors that would be embeddings by their readers and hold no more than two different
    /// numbers: masks of attention, which nobody has trained.
    pub fn layers(&self) -> Vec<Layer> {
        let first = First::of(self.graph());
        let is_mask = |id: ParameterId| {
            first[id] == EMBEDDING && is_mask(&self.weights[id].data().iter::<f32>().collect::<Vec<_>>())
        };
        let mut layers = self.graph().layers();
        for layer in &mut layers {
            layer.parameters.retain(|&id| !is_mask(id));
        }
        layers.retain(|layer| !layer.parameters.is_empty());
        layers
    }
}

fn is_mask(numbers: &[f32]) -> bool {
    let Some(one) = numbers.first() else { return true };
    let other = numbers.iter().find(|x| *x != one).unwrap_or(one);
    numbers.len() > 2 && numbers.iter().all(|x| x == one || x == other)
}

/// The nodes whose weights are read where a node is computed: its own, and those of the constants that it joins to what comes of the image.
fn holders(graph: &Graph, id: NodeId, constants: &Constants<'_>) -> Vec<NodeId> {
    match graph.nodes[id].op {
        Op::Constant { .. } => Vec::new(),
        _ if constants.varies(id) => {
            let stored = graph.nodes[id].inputs.iter().filter(|&&from| !constants.varies(from));
            let mut all: Vec<NodeId> = stored.filter_map(|&from| constants.stored(from)).collect();
            all.push(id);
            all
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::network::Weight;
    use crate::zoo;

    fn names(model: &str) -> Vec<String> {
        let graph = (zoo::architecture(model).unwrap().build)(10);
        graph.layers().into_iter().map(|layer| layer.name).collect()
    }

    #[test]
    fn a_convolution_and_its_norm_are_one_layer() {
        let found = names("resnet18");
        assert_eq!(found.len(), 21);
        assert_eq!(found[..3], ["conv1", "layer1.0.conv1", "layer1.0.conv2"]);
        // The shortcut comes behind the block's own convolutions.
        let end = [
            "layer4.0.conv1",
            "layer4.0.conv2",
            "layer4.0.downsample.0",
            "layer4.1.conv1",
            "layer4.1.conv2",
            "fc",
        ];
        assert_eq!(found[15..], end);
        let graph = (zoo::architecture("resnet18").unwrap().build)(10);
        let of_first: Vec<&str> =
            graph.layers()[0].parameters.iter().map(|&id| graph.parameters[id].name.as_str()).collect();
        let norm = ["bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"];
        assert_eq!(of_first, [&["conv1.weight"][..], &norm].concat());
        assert_eq!(names("resnet50-v1").len(), 54);
        assert_eq!(names("cifar-resnet20").len(), 20);
        assert_eq!(names("mobilenet-v2").len(), 53);
    }

    #[test]
    fn tokens_and_norms_of_a_transformer_are_layers() {
        let found = names("cifar-vit");
        assert_eq!(found.len(), 3 + 6 * 6 + 2);
        let start = ["patch_embed.proj", "cls_token", "pos_embed", "blocks.0.norm1", "blocks.0.attn.qkv"];
        assert_eq!(found[..5], start);
        assert_eq!(found[found.len() - 3..], ["blocks.5.mlp.fc2", "norm", "head"]);
    }

    #[test]
    fn masks_are_told_from_embeddings() {
        assert!(is_mask(&[0.0, -100.0, -100.0, 0.0]) && is_mask(&[1.0; 4]));
        assert!(!is_mask(&[0.1, 0.2, 0.3]) && !is_mask(&[0.1, 0.2]));
        // A sum behind a convolution: of a mask no layer, of an embedding one.
        let layers = |values: [f32; 4]| {
            let device = crate::device::cpu().device;
            let mut graph = Graph::new([1, 2, 2]);
            let weight = graph.parameter("conv.weight", &[1, 1, 1, 1]);
            let (stride, padding, dilation) = ([1; 2], [0; 2], [1; 2]);
            let conv = Op::Conv2d { weight, bias: None, stride, padding, dilation, groups: 1 };
            let conv = graph.push("conv", conv, &[Graph::INPUT]);
            let parameter = graph.parameter("added", &[1, 1, 2, 2]);
            let added = graph.push("added", Op::Constant { parameter }, &[]);
            graph.push("sum", Op::Add, &[conv, added]);
            let weight =
                |values: Vec<f32>, shape: Vec<usize>| Weight::new(TensorData::new(values, shape), &device);
            let weights = vec![weight(vec![2.0], vec![1; 4]), weight(values.to_vec(), vec![1, 1, 2, 2])];
            let layers = Network::new(graph, weights).layers();
            layers.into_iter().map(|layer| layer.name).collect::<Vec<_>>()
        };
        assert_eq!(layers([0.0, -9.0, 0.0, -9.0]), ["conv"]);
        assert_eq!(layers([0.0, -9.0, 0.0, -8.0]), ["conv", "added"]);
    }

    /// DenseNet has BatchNorm before its convolutions, ConvNeXt a scale behind its perceptron.
    #[test]
    fn what_stands_by_itself_is_a_layer_and_what_scales_one_is_not() {
        let dense = names("densenet121");
        assert!(dense.iter().any(|name| name == "features.denseblock1.denselayer1.norm1"), "{dense:?}");
        assert!(!dense.iter().any(|name| name == "features.norm0"), "{dense:?}");
        let graph = (zoo::architecture("convnext-tiny").unwrap().build)(10);
        let layers = graph.layers();
        let scaled = layers.iter().find(|layer| layer.name == "stages.0.blocks.0.mlp.fc2").unwrap();
        let held: Vec<&str> = scaled.nodes.iter().map(|&id| graph.nodes[id].name.as_str()).collect();
        assert_eq!(held, ["stages.0.blocks.0.mlp.fc2", "stages.0.blocks.0.gamma"]);
    }

    #[test]
    fn every_tensor_of_every_architecture_is_part_of_one_layer() {
        for architecture in zoo::architectures() {
            let graph = (architecture.build)(10);
            let mut all: Vec<usize> = graph.layers().into_iter().flat_map(|layer| layer.parameters).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..graph.parameters.len()), "{}", architecture.name);
        }
    }
}
