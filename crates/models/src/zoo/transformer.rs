//! The layers of transformers (Vaswani et al. 2017; Dosovitskiy et al. 2021, appendix A), named as in timm.

use super::builder::Builder;
use crate::network::graph::{Activation, NodeId, Op};

/// What LayerNorm adds to the variance in vision transformers and ConvNeXt; PyTorch's default is 1e-5.
const EPSILON: f64 = 1e-6;

/// The sizes of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Tokens.
    pub(super) tokens: usize,
    /// Features of a token.
    pub(super) dim: usize,
    /// Attention heads.
    pub(super) heads: usize,
    /// Hidden features of the perceptron.
    pub(super) hidden: usize,
}

impl Builder {
    /// A stored tensor.
    pub(super) fn constant(&mut self, name: &str, shape: &[usize]) -> NodeId {
        let parameter = self.graph.parameter(name, shape);
        self.graph.push(name, Op::Constant { parameter }, &[])
    }

    /// Normalisation over the last axis.
    pub(super) fn layer_norm(&mut self, name: &str, x: NodeId, dim: usize) -> NodeId {
        let weight = self.graph.parameter(format!("{name}.weight"), &[dim]);
        let bias = self.graph.parameter(format!("{name}.bias"), &[dim]);
        self.graph.push(name, Op::LayerNorm { weight, bias, epsilon: EPSILON }, &[x])
    }

    /// `x + attention(norm(x))`, then `x + mlp(norm(x))`.
    pub(super) fn block(&mut self, name: &str, x: NodeId, sizes: Block) -> NodeId {
        let y = self.layer_norm(&format!("{name}.norm1"), x, sizes.dim);
        let y = self.attention(&format!("{name}.attn"), y, sizes);
        let x = self.graph.push(format!("{name}.add1"), Op::Add, &[x, y]);
        let y = self.layer_norm(&format!("{name}.norm2"), x, sizes.dim);
        let y = self.mlp(&format!("{name}.mlp"), y, [sizes.dim, sizes.hidden]);
        self.graph.push(format!("{name}.add2"), Op::Add, &[x, y])
    }

    /// Multi-head self-attention over `(n, t, d)`: `softmax(q k^T / sqrt(d / heads)) v` in each head. The
    /// matrices `NAME.softmax` are `(n, heads, t, t)`, a row for each token that asks.
    fn attention(&mut self, name: &str, x: NodeId, sizes: Block) -> NodeId {
        let Block { tokens, dim, heads, .. } = sizes;
        let qkv = self.linear(&format!("{name}.qkv"), x, [dim, 3 * dim]);
        let [q, k, v] = [(0, "q"), (1, "k"), (2, "v")]
            .map(|(part, letter)| self.heads(&format!("{name}.{letter}"), qkv, part, sizes));
        let scale = ((dim / heads) as f64).sqrt().recip();
        let q = self.graph.push(format!("{name}.scale"), Op::Affine { scale, shift: 0.0 }, &[q]);
        let k = self.graph.push(format!("{name}.transpose"), Op::Permute { axes: vec![0, 1, 3, 2] }, &[k]);
        let scores = self.graph.push(format!("{name}.scores"), Op::MatMul, &[q, k]);
        let attention = self.graph.push(format!("{name}.softmax"), Op::Softmax { axis: 3 }, &[scores]);
        let y = self.graph.push(format!("{name}.heads"), Op::MatMul, &[attention, v]);
        let y = self.graph.push(format!("{name}.permute"), Op::Permute { axes: vec![0, 2, 1, 3] }, &[y]);
        let y = self.graph.push(format!("{name}.join"), Op::reshape(&[tokens, dim]), &[y]);
        self.linear(&format!("{name}.proj"), y, [dim, dim])
    }

    /// The queries (part 0), keys or values of each head: `(n, t, 3 d)` to `(n, heads, t, d / heads)`.
    fn heads(&mut self, name: &str, qkv: NodeId, part: usize, sizes: Block) -> NodeId {
        let Block { tokens, dim, heads, .. } = sizes;
        let slice = Op::Slice { axis: 2, start: part * dim, end: (part + 1) * dim, step: 1 };
        let x = self.graph.push(format!("{name}.slice"), slice, &[qkv]);
        let x = self.graph.push(format!("{name}.split"), Op::reshape(&[tokens, heads, dim / heads]), &[x]);
        self.graph.push(name, Op::Permute { axes: vec![0, 2, 1, 3] }, &[x])
    }

    /// Two linear layers over the last axis with a GELU between them.
    pub(super) fn mlp(&mut self, name: &str, x: NodeId, [dim, hidden]: [usize; 2]) -> NodeId {
        let x = self.linear(&format!("{name}.fc1"), x, [dim, hidden]);
        let x = self.graph.push(format!("{name}.act"), Op::Activation(Activation::Gelu), &[x]);
        self.linear(&format!("{name}.fc2"), x, [hidden, dim])
    }
}
