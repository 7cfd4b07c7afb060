//! Small transformers of which only tokens and heads count.

use super::*;
use crate::zoo::vit::ViT;

/// Patches of 16 in an image, a class token and two registers (or none of them), and a head that is built on the matrix
/// of the one attention, so that only what is behind it counts: `softmax`, `values` and the tokens behind them.
struct Tiny {
    graph: Graph,
    attention: NodeId,
    tokens: NodeId,
}

const DIM: usize = 6;

fn tiny([h, w]: [usize; 2], prefix: usize) -> Tiny {
    let mut graph = Graph::new([3, 16 * h, 16 * w]);
    let weight = graph.parameter("proj.weight", &[DIM, 3, 16, 16]);
    let conv =
        Op::Conv2d { weight, bias: None, stride: [16; 2], padding: [0; 2], dilation: [1; 2], groups: 1 };
    let x = graph.push("proj", conv, &[Graph::INPUT]);
    let x = graph.push("flat", Op::reshape(&[DIM, h * w]), &[x]);
    let mut x = graph.push("patches", Op::Permute { axes: vec![0, 2, 1] }, &[x]);
    if prefix > 0 {
        let parameter = graph.parameter("prefix", &[1, prefix, DIM]);
        let constant = graph.push("prefix", Op::Constant { parameter }, &[]);
        x = graph.push("tokens", Op::Concat { axis: 1 }, &[constant, x]);
    }
    let heads = graph.push("heads", Op::reshape(&[h * w + prefix, 2, DIM / 2]), &[x]);
    let q = graph.push("q", Op::Permute { axes: vec![0, 2, 1, 3] }, &[heads]);
    let k = graph.push("k", Op::Permute { axes: vec![0, 2, 3, 1] }, &[heads]);
    let scores = graph.push("scores", Op::MatMul, &[q, k]);
    let attention = graph.push("softmax", Op::Softmax { axis: 3 }, &[scores]);
    let y = graph.push("values", Op::MatMul, &[attention, q]);
    let y = graph.push("permute", Op::Permute { axes: vec![0, 2, 1, 3] }, &[y]);
    let y = graph.push("join", Op::reshape(&[h * w + prefix, DIM]), &[y]);
    let tokens = graph.push("add", Op::Add, &[x, y]);
    Tiny { graph, attention, tokens }
}

impl Tiny {
    fn slice(&mut self, start: usize, end: usize) -> NodeId {
        self.graph.push("slice", Op::Slice { axis: 1, start, end, step: 1 }, &[self.tokens])
    }

    fn mean(&mut self, x: NodeId) -> NodeId {
        self.graph.push("mean", Op::Mean { axes: vec![1], keep: false }, &[x])
    }

    fn read(&self) -> Result<Vec<f32>, &str> {
        let shapes = self.graph.shapes(self.graph.input).unwrap();
        read_by_scores(&self.graph, &shapes, self.attention).map_err(|id| self.graph.nodes[id].name.as_str())
    }
}

#[test]
fn the_head_says_which_tokens_it_reads() {
    let mut class = tiny([2, 2], 1);
    let x = class.slice(0, 1);
    class.graph.push("flatten", Op::Flatten, &[x]);
    assert_eq!(class.read(), Ok(vec![1.0, 0.0, 0.0, 0.0, 0.0]));

    let mut means = tiny([2, 2], 2);
    let x = means.slice(2, 6);
    means.mean(x);
    assert_eq!(means.read(), Ok(vec![0.0, 0.0, 0.25, 0.25, 0.25, 0.25]));

    // A class token that is one of many.
    let mut all = tiny([2, 2], 1);
    let x = all.tokens;
    all.mean(x);
    assert_eq!(all.read(), Ok(vec![0.2; 5]));

    let mut both = tiny([2, 2], 1);
    let (class, patches) = (both.slice(0, 1), both.slice(1, 5));
    let class = both.graph.push("flatten", Op::Flatten, &[class]);
    let mean = both.mean(patches);
    both.graph.push("cat", Op::Concat { axis: 1 }, &[class, mean]);
    assert_eq!(both.read(), Ok(vec![0.5, 0.125, 0.125, 0.125, 0.125]));
}

#[test]
fn heads_that_mix_tokens_otherwise_are_named() {
    let mut pool = tiny([2, 2], 1);
    let parameter = pool.graph.parameter("query", &[1, 1, DIM]);
    let query = pool.graph.push("query", Op::Constant { parameter }, &[]);
    let keys = pool.graph.push("keys", Op::Permute { axes: vec![0, 2, 1] }, &[pool.tokens]);
    let scores = pool.graph.push("pool.scores", Op::MatMul, &[query, keys]);
    let softmax = pool.graph.push("pool.softmax", Op::Softmax { axis: 2 }, &[scores]);
    let y = pool.graph.push("pool", Op::MatMul, &[softmax, pool.tokens]);
    pool.graph.push("flatten", Op::Flatten, &[y]);
    assert_eq!(pool.read(), Err("pool"));
}

#[test]
fn patches_lie_on_the_grid_of_their_convolution() {
    for (grid, prefix) in [([4, 4], 0), ([4, 4], 9), ([2, 8], 1), ([3, 5], 6)] {
        let tiny = tiny(grid, prefix);
        let found = patches(&tiny.graph, &tiny.graph.shapes(tiny.graph.input).unwrap());
        assert_eq!(found[tiny.tokens], Some(Ok(Patches { axis: 1, first: prefix, grid })));
        assert_eq!(found[tiny.attention], Some(Ok(Patches { axis: 2, first: prefix, grid })));
    }
}

/// Registers between the class token and the patches, and a token behind them.
#[test]
fn tokens_may_be_put_in_between_and_behind() {
    let mut tiny = tiny([2, 3], 1);
    let parameter = tiny.graph.parameter("registers", &[1, 3, DIM]);
    let registers = tiny.graph.push("registers", Op::Constant { parameter }, &[]);
    let (class, rest) = (tiny.slice(0, 1), tiny.slice(1, 7));
    let x = tiny.graph.push("cat", Op::Concat { axis: 1 }, &[class, registers, rest, registers]);
    let dropped = tiny.graph.push("dropped", Op::Slice { axis: 1, start: 5, end: 9, step: 1 }, &[x]);
    let found = patches(&tiny.graph, &tiny.graph.shapes(tiny.graph.input).unwrap());
    assert_eq!(found[x], Some(Ok(Patches { axis: 1, first: 4, grid: [2, 3] })));
    assert_eq!(found[dropped], Some(Err(())));
}

/// `b c (h p) (w p) -> b (h w) (p p c)`, and a matrix in place of the convolution.
#[test]
fn patches_may_be_cut_out_by_a_reshape() {
    let mut graph = Graph::new([3, 8, 16]);
    let x = graph.push("split", Op::reshape(&[3, 2, 4, 4, 4]), &[Graph::INPUT]);
    let x = graph.push("permute", Op::Permute { axes: vec![0, 2, 4, 3, 5, 1] }, &[x]);
    let x = graph.push("tokens", Op::reshape(&[8, 48]), &[x]);
    let found = patches(&graph, &graph.shapes(graph.input).unwrap());
    assert_eq!(found[x], Some(Ok(Patches { axis: 1, first: 0, grid: [2, 4] })));
}

#[test]
fn a_distillation_token_is_read_as_well() {
    let graph = ViT { side: 64, distilled: true, ..ViT::new(24, 2, 3) }.graph(10);
    let shapes = graph.shapes(graph.input).unwrap();
    let shares = read_by_scores(&graph, &shapes, graph.find("blocks.1.attn.softmax").unwrap()).unwrap();
    assert_eq!((&shares[..3], shares.len()), (&[0.5, 0.5, 0.0][..], 18));
}
