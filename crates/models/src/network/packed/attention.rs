//! Attention between linear layers: found in the graph, and computed by one kernel.

use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::Level;

use super::kernel::{Gradient, Kernel, contiguous, numbers, tensor};
use super::layout::Layout;
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
    fn layout(&self, graph: &Graph, source: &[usize]) -> Option<Layout> {
        let ops = self.nodes.iter().map(|&id| &graph.nodes[id].op).filter(|op| is_order(op));
        ops.into_iter().try_fold(Layout::whole(source), |layout, op| layout.behind(op))
    }
}

/// The kernel for queries `(2, heads, tokens, size)`, keys `(2, heads, size, tokens)` and values like queries, if they lie in rows of
/// tokens. Two images show what is an image.
fn heads(
    level: Level,
    scale: f32,
    layouts: [Layout; 3],
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
        let y = tensor(y, &[shape[0], self.0.tokens(), self.0.heads(), self.0.size()]);
        let kept = tracked.then(|| y.clone());
        let back = kept.map(|y| {
            Gradient::new(move |gradient, _| {
                let gradient = contiguous(gradient);
                let dx = self.0.gradient(numbers(&x), numbers(&y), &norms, numbers(&gradient));
                vec![Some(tensor(dx, &shape))]
            })
        });
        (y, back)
    }
}
