//! Attention between linear layers: found in the graph, and computed by one kernel.

use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::Level;

use super::kernel::{Gradient, Kernel, contiguous, held, numbers};
use super::strided::Strided;
use crate::network::graph::{Graph, NodeId, Op};

/// The nodes from a linear layer that gives queries, keys and values to the heads' results `(n, tokens, heads, size)`.
#[derive(Debug)]
pub(in crate::network) struct Attention {
    /// In the order of the graph; none but the last is read by others.
    pub(super) nodes: Vec<NodeId>,
    /// The linear layer.
    pub(super) source: NodeId,
    /// The node of the matrices.
    pub(super) softmax: NodeId,
    pub(super) kernel: Arc<Attend>,
}

impl Attention {
    /// Those of a graph behind layers that are `packed`.
    pub(super) fn all(graph: &Graph, level: Level, packed: impl Fn(NodeId) -> bool) -> Vec<Self> {
        let softmax = |node: &NodeId| matches!(graph.nodes[*node].op, Op::Softmax { axis: 3 });
        let mut found = (0..graph.nodes.len()).filter(softmax).peekable();
        let Some(shapes) = found.peek().and_then(|_| graph.shapes(graph.input).ok()) else {
            return Vec::new();
        };
        let consumers = graph.consumers();
        let all = found.filter_map(|softmax| Self::around(graph, &shapes, &consumers, softmax, level));
        all.filter(|attention| packed(attention.source)).collect()
    }

    /// The attention around a softmax, if it is one: `softmax(scale q k^T) v`, and the order of axes that puts tokens first.
    fn around(
        graph: &Graph,
        shapes: &[Vec<usize>],
        consumers: &[Vec<NodeId>],
        softmax: NodeId,
        level: Level,
    ) -> Option<Self> {
        let node = |id: NodeId| (&graph.nodes[id].op, &graph.nodes[id].inputs[..]);
        let scores = Factor::of(graph, node(softmax).1[0], is_scale);
        let (Op::MatMul, &[q, k]) = node(scores.source) else { return None };
        let &[product] = &consumers[softmax][..] else { return None };
        let (Op::MatMul, &[weights, v]) = node(product) else { return None };
        let &[last] = &consumers[product][..] else { return None };
        let (Op::Permute { axes }, true) = (node(last).0, weights == softmax) else { return None };
        let [q, k, v] = [q, k, v].map(|factor| Factor::of(graph, factor, |op| is_scale(op) || is_order(op)));
        if *axes != [0, 2, 1, 3] || [k.source, v.source] != [q.source; 2] || v.scale != 1.0 {
            return None;
        }
        let (source, scale) = (q.source, (scores.scale * q.scale * k.scale) as f32);
        let &[1, tokens, row] = &shapes[source][..] else { return None };
        let layout = |factor: &Factor| factor.layout(graph, &[2, tokens, row]);
        let kernel = heads(level, scale, [layout(&q)?, layout(&k)?, layout(&v)?], [tokens, row])?;
        let inside = vec![scores.source, softmax, product, last];
        let mut nodes = [scores.nodes, q.nodes, k.nodes, v.nodes, inside].concat();
        nodes.sort_unstable();
        nodes.dedup();
        let unread = |id: &NodeId| *id == last || consumers[*id].iter().all(|reader| nodes.contains(reader));
        let kernel = Arc::new(Attend(kernel));
        nodes.iter().all(unread).then_some(Self { nodes, source, softmax, kernel })
    }
}

fn is_scale(op: &Op) -> bool {
    matches!(op, Op::Affine { shift: 0.0, .. })
}

fn is_order(op: &Op) -> bool {
    matches!(op, Op::Slice { .. } | Op::Permute { .. } | Op::Reshape { .. })
}

/// A factor of a matrix product, and what it was made of.
struct Factor {
    source: NodeId,
    scale: f64,
    /// The nodes behind the source.
    nodes: Vec<NodeId>,
}

impl Factor {
    /// Goes back through operations that are `passed`.
    fn of(graph: &Graph, factor: NodeId, passed: impl Fn(&Op) -> bool) -> Self {
        let (mut source, mut scale, mut nodes) = (factor, 1.0, Vec::new());
        while passed(&graph.nodes[source].op) {
            if let Op::Affine { scale: by, .. } = graph.nodes[source].op {
                scale *= by;
            }
            nodes.push(source);
            source = graph.nodes[source].inputs[0];
        }
        nodes.reverse();
        Self { source, scale, nodes }
    }

    /// Where its numbers are in a source of a shape.
    fn layout(&self, graph: &Graph, source: &[usize]) -> Option<Strided> {
        let ops = self.nodes.iter().map(|&id| &graph.nodes[id].op).filter(|op| is_order(op));
        ops.into_iter().try_fold(Strided::whole(source), |layout, op| layout.behind(op))
    }
}

/// The kernel for queries `(2, heads, tokens, size)`, keys `(2, heads, size, tokens)` and values like queries, if they lie in rows of
/// tokens. Two images show what is an image.
fn heads(
    level: Level,
    scale: f32,
    layouts: [Strided; 3],
    [tokens, row]: [usize; 2],
) -> Option<kernels::Attention> {
    let [q, k, v] = layouts;
    let k = k.behind(&Op::Permute { axes: vec![0, 1, 3, 2] })?;
    let &[2, count, _, size] = &q.shape[..] else { return None };
    let mut starts = vec![[0; 3]; count];
    for (part, layout) in [q, k, v].iter().enumerate() {
        let wanted = [tokens * row, layout.strides[1], row, 1];
        // The stride of an axis of length 1 means nothing.
        let fits = |axis: usize| layout.shape[axis] == 1 || layout.strides[axis] == wanted[axis];
        if layout.shape != [2, count, tokens, size] || !(0..4).all(fits) {
            return None;
        }
        for (head, starts) in starts.iter_mut().enumerate() {
            starts[part] = layout.start + head * layout.strides[1];
        }
    }
    kernels::Attention::new(level, tokens, size, scale, starts).filter(|attention| attention.inputs() == row)
}

/// `softmax(scale q k^T) v` in each head, of rows that hold queries, keys and values; the result is `(n, tokens, heads, size)`.
#[derive(Debug)]
pub(super) struct Attend(kernels::Attention);

impl Attend {
    /// Whether it can work on values of a shape.
    pub(super) fn fits(&self, x: &[usize]) -> bool {
        matches!(*x, [_, tokens, row] if [tokens, row] == [self.0.tokens(), self.0.inputs()])
    }
}

impl Kernel for Attend {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let x = contiguous(inputs.into_iter().next().expect("one input"));
        let shape = x.layout().shape().to_vec();
        let (y, norms) = self.0.forward(numbers(&x));
        let y = held(y, &[shape[0], self.0.tokens(), self.0.heads(), self.0.size()]);
        let kept = tracked.then(|| y.clone());
        let back = kept.map(|y| {
            Gradient::new(move |gradient, _| {
                let gradient = contiguous(gradient);
                let dx = self.0.gradient(numbers(&x), numbers(&y), &norms, numbers(&gradient));
                vec![Some(held(dx, &shape))]
            })
        });
        (y, back)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use super::super::Role;
    use super::*;
    use crate::network::value::Value;
    use crate::network::{Network, Plain, Taps, Weight};
    use crate::zoo::vit::ViT;

    /// Two blocks with three heads of 8 numbers, made-up weights.
    fn vit() -> Network {
        let graph = ViT { side: 16, patch: 4, ..ViT::new(24, 2, 3) }.graph(5);
        let numbers = |count: usize, seed: usize| -> Vec<f32> {
            (0..count).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 2018.0 - 0.25).collect()
        };
        let parameters = graph.parameters.iter().enumerate();
        let weight = |(seed, parameter): (usize, &crate::network::graph::Parameter)| {
            let count = parameter.shape.iter().product();
            Weight::new(TensorData::new(numbers(count, seed), parameter.shape.clone()), &Device::flex())
        };
        let weights = parameters.map(weight).collect();
        Network::new(graph, weights).pack()
    }

    fn images() -> Tensor<4> {
        let numbers = (0..3 * 3 * 16 * 16).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0).collect::<Vec<_>>();
        Tensor::from_data(TensorData::new(numbers, [3, 3, 16, 16]), &Device::flex())
    }

    /// Scores, the gradient of one of them at the input, and those at the taps.
    fn pass(network: &Network, taps: &mut Taps) -> (Vec<f32>, Vec<f32>, Vec<Value>) {
        let x = Value::new(images()).leaf();
        let scores =
            network.run(vec![(Graph::INPUT, x.clone())], &[network.graph().output()], taps).remove(0);
        let scores = scores.tensor::<2>();
        let gradients = scores.clone().narrow(1, 1, 1).backward();
        let of_taps = taps.taken.iter().map(|(_, _, leaf)| leaf.grad(&gradients).unwrap()).collect();
        let numbers = |x: Tensor<1>| x.into_data().try_into_vec::<f32>().unwrap();
        let gradient = numbers(x.grad(&gradients).unwrap().reshape(&[3 * 3 * 16 * 16]).tensor());
        (numbers(scores.inner().reshape([15])), gradient, of_taps)
    }

    fn assert_close(got: &[f32], expected: &[f32]) {
        let norm = |x: &mut dyn Iterator<Item = f32>| x.map(|x| x * x).sum::<f32>().sqrt();
        let apart = norm(&mut got.iter().zip(expected).map(|(a, b)| a - b));
        assert!(apart <= 1e-5 * norm(&mut expected.iter().copied()), "{apart}");
    }

    #[test]
    fn attention_together_equals_attention_node_by_node() {
        let network = vit();
        let softmax = [0, 1].map(|i| network.graph().find(&format!("blocks.{i}.attn.softmax")).unwrap());
        let inside = |seen: &[NodeId]| {
            let roles = network.roles(|_| true, |node| seen.contains(&node));
            softmax.map(|softmax| matches!(roles[softmax], Role::Inside))
        };
        assert_eq!([inside(&[]), inside(&softmax[..1])], [[true, true], [false, true]]);
        let (scores, gradient, _) = pass(&network, &mut Taps::at(&[]));
        // Without a way back the perceptrons' functions are computed in the end of their layers: the same bits.
        let untracked = network.logits(images()).into_data().try_into_vec::<f32>().unwrap();
        assert_eq!(untracked, scores);
        // Whatever is looked at inside switches it off.
        let (by_node, gradient_by_node, of_taps) = pass(&network, &mut Taps::at(&softmax));
        assert_close(&scores, &by_node);
        assert_close(&gradient, &gradient_by_node);
        assert_eq!(of_taps.iter().map(Value::shape).collect::<Vec<_>>(), [[3, 3, 17, 17]; 2]);
        assert!(of_taps.into_iter().all(|tap| tap.map(Tensor::abs).sum().into_scalar::<f32>() > 0.0));
    }

    #[test]
    fn matrices_and_parts_can_be_fetched() {
        let network = vit();
        let find = |name: &str| network.graph().find(name).unwrap();
        let fetches =
            ["blocks.0.attn.softmax", "blocks.0.attn.v", "blocks.0.attn.qkv", "blocks.0.attn.join"].map(find);
        let feeds = vec![(Graph::INPUT, Value::new(images()))];
        let values = network.run(feeds, &fetches, &mut Plain);
        assert_eq!(values[0].shape(), [3, 3, 17, 17]);
        // Resumed behind the queries, keys and values, and behind one of them.
        let resumed = network.run(vec![(fetches[2], values[2].clone())], &fetches[3..], &mut Plain);
        let parts = [find("blocks.0.attn.q"), find("blocks.0.attn.k"), fetches[1]];
        let given = network.run(vec![(fetches[2], values[2].clone())], &parts, &mut Plain);
        let from_parts = network.run(parts.into_iter().zip(given).collect(), &fetches[3..], &mut Plain);
        let numbers = |value: &Value| {
            value
                .clone()
                .reshape(&[value.shape().iter().product()])
                .tensor::<1>()
                .into_data()
                .try_into_vec::<f32>()
                .unwrap()
        };
        assert_close(&numbers(&resumed[0]), &numbers(&values[3]));
        assert_close(&numbers(&from_parts[0]), &numbers(&values[3]));
    }

    #[test]
    fn inner_nodes_are_computed_with_the_softmax() {
        let network = vit();
        let find = |name: &str| network.graph().find(&format!("blocks.0.attn.{name}"));
        for name in ["q.slice", "k", "transpose", "scores", "heads", "permute"] {
            assert_eq!(network.computed_with(find(name).unwrap()), find("softmax"), "{name}");
        }
        let [fc1, act] =
            ["fc1", "act"].map(|name| network.graph().find(&format!("blocks.0.mlp.{name}")).unwrap());
        assert_eq!(network.computed_with(act), Some(fc1));
        for name in ["qkv", "softmax", "join", "proj"] {
            assert_eq!(network.computed_with(find(name).unwrap()), None, "{name}");
        }
    }

    /// Attention as timm's files have it, with an operation after the scores and one before the values.
    fn exported(scores: &Op, values: &Op) -> (Graph, NodeId) {
        let mut graph = Graph::new([3, 8, 8]);
        let weight = graph.parameter("qkv", &[18, 6]);
        let x = graph.push("tokens", Op::reshape(&[32, 6]), &[Graph::INPUT]);
        let qkv = graph.push("qkv", Op::Linear { weight, bias: None }, &[x]);
        let x = graph.push("reshape", Op::reshape(&[32, 3, 3, 2]), &[qkv]);
        let x = graph.push("permute", Op::Permute { axes: vec![2, 0, 3, 1, 4] }, &[x]);
        let mut part = |i: usize| {
            let x = graph.push("slice", Op::Slice { axis: 0, start: i, end: i + 1, step: 1 }, &[x]);
            graph.push("squeeze", Op::reshape(&[3, 32, 2]), &[x])
        };
        let [q, k, v] = [part(0), part(1), part(2)];
        let k = graph.push("transpose", Op::Permute { axes: vec![0, 1, 3, 2] }, &[k]);
        let x = graph.push("scores", Op::MatMul, &[q, k]);
        let x = graph.push("after", scores.clone(), &[x]);
        let x = graph.push("softmax", Op::Softmax { axis: 3 }, &[x]);
        let v = graph.push("before", values.clone(), &[v]);
        let x = graph.push("heads", Op::MatMul, &[x, v]);
        graph.push("tokens", Op::Permute { axes: vec![0, 2, 1, 3] }, &[x]);
        (graph, qkv)
    }

    #[test]
    fn other_orders_of_the_axes_are_known_and_other_operations_are_not() {
        let scale = |scale: f64| Op::Affine { scale, shift: 0.0 };
        let found = |scores: Op, values: Op| {
            let (graph, qkv) = exported(&scores, &values);
            graph.shapes([3, 8, 8]).unwrap();
            Attention::all(&graph, Level::best(), |node| node == qkv).len()
        };
        assert_eq!(found(scale(0.5), scale(1.0)), 1);
        assert_eq!(found(Op::Affine { scale: 1.0, shift: 0.5 }, scale(1.0)), 0);
        assert_eq!(found(scale(0.5), scale(2.0)), 0);
        assert_eq!(found(Op::Relu, scale(1.0)), 0);
        assert_eq!(found(scale(1.0), Op::reshape(&[3, 32, 2])), 1);
    }
}
