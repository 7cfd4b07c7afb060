//! `--list-models` and `--list-layers`.

use anyhow::{Result, bail};
use models::graph::Node;
use models::network::fold;
use models::zoo::{self, Architecture};
use models::{Graph, Network, NodeId, Op, Tensor};
use pipe::Usage;
use testbed::Embedded;

use crate::model::ModelArgs;

/// `--list-models`: name, usual input and preprocessing, the layer called auto, and whose files fit.
pub fn models() -> String {
    let row = |name: &str, input: &str, preprocess: &str, layer: &str, weights: &str| {
        format!("{name:<24} {input:<10} {preprocess:<20} {layer:<26} {weights}\n")
    };
    let model = |Architecture { name, input, preprocess, build, weights, .. }: Architecture| {
        let graph = build(1000);
        let layer = graph.auto_layer().map_or("-", |node| &graph.nodes[node].name);
        row(&name, &input.map(|length| length.to_string()).join("x"), preprocess, layer, weights)
    };
    let zoo = Embedded::ALL.map(Embedded::architecture).into_iter().chain(zoo::architectures());
    let zoo = zoo.map(model).collect::<String>();
    let file = row("FILE.onnx", "its own", "imagenet", "-", "in the file (docs/onnx.md)");
    let command = row("exec:COMMAND", "any", "imagenet", "-", "a program of your own (docs/exec.md)");
    row("model", "input", "preprocess", "layer auto", "weights") + &zoo + &file + &command
}

impl ModelArgs {
    /// `--list-layers`: name, operation and output shape of every node for the model's usual input, whether its maps lie in memory in
    /// blocks of channels, the layer that it is computed with, and what `--randomize` calls those with weights. Convolutions stand apart from
    /// their BatchNorm, as they do where one of them is named as a layer.
    ///
    /// # Errors
    /// As [`ModelArgs::open`].
    pub fn layers(&self) -> Result<String> {
        if let Some(model) = self.black_box() {
            bail!(Usage(format!("--list-layers: {model} only gives scores")));
        }
        let apart = vec![fold::ALL.to_string()];
        let views = self.open(std::slice::from_ref(&apart))?.views;
        let classifier = &views.all()[views.index(&apart).unwrap_or(0)];
        let graph = classifier.network.graph();
        let [channels, h, w] = graph.input;
        let [h, w] = classifier.preprocess.crop.unwrap_or([h, w]);
        let width = graph.nodes.iter().map(|node| node.name.len()).max().unwrap_or(0);
        let network = classifier.network.fold_batch_norm(&[]).pack_for(self.engine);
        let joined = joined(&network, graph);
        let layers = classifier.network.layers();
        let counted = |node: NodeId| {
            let place = layers.iter().position(|layer| layer.nodes[0] == node);
            place.map_or_else(String::new, |at| {
                format!("  (bottom-up:{}, cascading:{})", at + 1, layers.len() - at)
            })
        };
        let blocked = network.blocked(Tensor::zeros([1, channels, h, w], &classifier.device));
        let blocked = |node: &Node| network.graph().find(&node.name).is_some_and(|node| blocked[node]);
        let line = |(id, (node, shape)): (NodeId, (&Node, Vec<usize>))| {
            let shape: Vec<String> = shape.iter().skip(1).map(ToString::to_string).collect();
            let auto = if id == classifier.layer { "  (auto)" } else { "" };
            let with = joined[id].as_ref().map_or_else(String::new, |layer| format!("  (with {layer})"));
            let blocks = if blocked(node) { "  (blocks of 16)" } else { "" };
            let (name, kind, shape, counted) = (&node.name, node.op.kind(), shape.join("x"), counted(id));
            format!("{name:<width$} {kind:<14} {shape}{blocks}{with}{counted}{auto}\n")
        };
        Ok(graph.nodes.iter().zip(graph.shapes([channels, h, w])?).enumerate().map(line).collect())
    }
}

/// For each node of a graph the layer that the network, which is the same with BatchNorm folded, computes it with.
fn joined(network: &Network, listed: &Graph) -> Vec<Option<String>> {
    // A folded convolution has the name of its BatchNorm.
    let layer = |name: &str| -> Option<String> {
        let node = &listed.nodes[listed.find(name)?];
        let first =
            if matches!(node.op, Op::BatchNorm2d { .. }) { &listed.nodes[node.inputs[0]] } else { node };
        Some(first.name.clone())
    };
    let one = |node: &Node| {
        let folded = network.graph().find(&node.name)?;
        let is_folded = network.graph().nodes[folded].op.kind() != node.op.kind();
        let with = network.computed_with(folded).or(is_folded.then_some(folded))?;
        layer(&network.graph().nodes[with].name)
    };
    listed.nodes.iter().map(one).collect()
}
