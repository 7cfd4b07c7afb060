//! What makes two classifiers the same computation, as hashes of what they compute with and not of files: the same weights
//! in a `.pth` and in a `.safetensors` are one classifier, and two files of one name are two.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::network::Network;
use crate::network::graph::{Graph, Link};

/// SHA-256 over a network: its tensors, and for networks that no architecture names, its structure.
///
/// Everything has its length in front, so that no two sequences run together into the same bytes.
pub struct Digest(Sha256);

impl Digest {
    /// Over every parameter in the order of the graph, with BatchNorm apart: name, shape, and values as little-endian `f32`.
    ///
    /// # Panics
    /// If a weight cannot be read as `f32`, which every weight is.
    pub fn of_tensors(network: &Network) -> Self {
        let mut digest = Self(Sha256::new());
        digest.count(network.weights().len());
        for (parameter, weight) in network.graph().parameters.iter().zip(network.weights()) {
            digest.text(&parameter.name);
            digest.numbers(&parameter.shape);
            let values = weight.data().convert::<f32>().try_into_vec::<f32>().expect("weights are f32");
            digest.count(values.len());
            for value in values {
                digest.0.update(value.to_le_bytes());
            }
        }
        digest
    }

    /// Also over the operations (name, settings, inputs), the name of the output that gives the scores, and how probabilities
    /// come from them if that is not by a softmax.
    #[must_use]
    pub fn and_graph(mut self, graph: &Graph, output: &str) -> Self {
        self.count(graph.nodes.len());
        for node in &graph.nodes {
            self.text(&node.name);
            self.text(&format!("{:?}", node.op));
            self.numbers(&node.inputs);
        }
        self.text(output);
        if graph.link != Link::Softmax {
            self.text(&format!("{:?}", graph.link));
        }
        self
    }

    /// The hash in hexadecimal.
    pub fn finish(self) -> String {
        hexadecimal(self.0)
    }

    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    fn numbers(&mut self, numbers: &[usize]) {
        self.count(numbers.len());
        for &number in numbers {
            self.count(number);
        }
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text);
    }
}

/// SHA-256 over texts in hexadecimal, each with its length in front.
pub(crate) fn long(texts: &[&str]) -> String {
    let mut digest = Digest(Sha256::new());
    for text in texts {
        digest.text(text);
    }
    digest.finish()
}

/// The first eight digits of it.
pub(crate) fn short(texts: &[&str]) -> String {
    let mut hash = long(texts);
    hash.truncate(8);
    hash
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // Writing to a String cannot fail.
        text
    })
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::device;
    use crate::network::Weight;
    use crate::network::graph::Op;

    /// `x W^T` with the given name, shape and numbers.
    fn digest(name: &str, shape: &[usize], values: &[f32]) -> Digest {
        let mut graph = Graph::new([3, 1, 1]);
        let weight = graph.parameter(name, shape);
        graph.push("fc", Op::Linear { weight, bias: None }, &[Graph::INPUT]);
        let data = TensorData::new(values.to_vec(), shape.to_vec());
        Digest::of_tensors(&Network::new(graph, vec![Weight::new(data, &device::cpu().device)]))
    }

    #[test]
    fn name_shape_and_every_value_count() {
        let of = |name, shape: &[usize], values: &[f32]| digest(name, shape, values).finish();
        let first = of("fc.weight", &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(first.len(), 64);
        assert_eq!(first, of("fc.weight", &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
        for other in [
            of("fc.weights", &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
            of("fc.weight", &[3, 2], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
            of("fc.weight", &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.000_000_5]),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn structure_and_output_count_where_they_are_asked_for() {
        let of = |op: Op, input: usize, output: &str| {
            let mut graph = Graph::new([3, 1, 1]);
            graph.push("a", Op::Relu, &[Graph::INPUT]);
            graph.push("b", op, &[input]);
            digest("fc.weight", &[1, 3], &[1.0, 2.0, 3.0]).and_graph(&graph, output).finish()
        };
        let first = of(Op::Relu, 1, "scores");
        assert_eq!(first, of(Op::Relu, 1, "scores"));
        for other in [of(Op::Flatten, 1, "scores"), of(Op::Relu, 0, "scores"), of(Op::Relu, 1, "other")] {
            assert_ne!(first, other);
        }
        let linked =
            |link| digest("a", &[1], &[1.0]).and_graph(&Graph { link, ..Graph::new([3, 1, 1]) }, "y");
        assert_ne!(linked(Link::Softmax).finish(), linked(Link::Sigmoid).finish());
    }

    #[test]
    fn texts_do_not_run_together() {
        assert_ne!(short(&["ab", "c"]), short(&["a", "bc"]));
        assert_eq!(short(&["ab", "c"]).len(), 8);
    }
}
