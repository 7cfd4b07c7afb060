//! Which index of a value belongs to which token, followed from operation to operation: where the patches of an image lie among
//! the tokens of a transformer, and which tokens its scores read.

use std::ops::Range;
use std::rc::Rc;

use crate::network::graph::{Graph, Node, NodeId, Op};

/// What lies at the indices of some axes of a value, taken together row by row.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    axes: Range<usize>,
    /// A token's number, or nothing: a class token, a register.
    tokens: Rc<[Option<usize>]>,
    /// Rows and columns of the tokens.
    grid: [usize; 2],
}

/// What a value has of the tokens.
#[derive(Clone, Debug, PartialEq)]
enum State {
    /// Nothing: it is not computed from them.
    Apart,
    /// Each at its place.
    Line(Line),
    /// A sum over tokens, each with its weight.
    Read(Rc<[f32]>),
    /// They are mixed in some other way.
    Lost,
}

/// Patches of an image in an axis of a value: `rows x columns` of them, row by row, from index `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches {
    /// The axis of the tokens.
    pub axis: usize,
    /// Tokens before the patches: class token, registers.
    pub first: usize,
    /// Rows and columns of the patches.
    pub grid: [usize; 2],
}

/// Where patches lie in the value of each node; an error where they are mixed or some of them are missing, nothing where there
/// are none or they cannot be followed. Patches are the positions of the last map before them, or squares that a reshape cuts
/// out of the image.
pub fn patches(graph: &Graph, shapes: &[Vec<usize>]) -> Vec<Option<Result<Patches, ()>>> {
    let start = |id: NodeId, inputs: &[&State]| match shapes[id][..] {
        [1, _, h, w] if h * w > 1 && makes_maps(&graph.nodes[id].op, inputs) => {
            Some(Line { axes: 2..4, tokens: numbered(h * w), grid: [h, w] })
        }
        _ => None,
    };
    let place = |state: State| match state {
        State::Apart | State::Lost => None,
        State::Line(line) => Some(line.patches().ok_or(())),
        State::Read(_) => Some(Err(())),
    };
    follow(graph, shapes, start).into_iter().map(place).collect()
}

/// How much of each token's row of an attention matrix `(1, heads, tokens, tokens)` is in the scores: 1 for a class token that
/// they read alone, equal shares for tokens of which they read the mean. The shares sum to 1.
///
/// # Errors
/// The node that mixes tokens in another way, if the scores are no function of single tokens and means.
pub fn read_by_scores(graph: &Graph, shapes: &[Vec<usize>], attention: NodeId) -> Result<Vec<f32>, NodeId> {
    let tokens = shapes[attention][2];
    let line = Line { axes: 2..3, tokens: numbered(tokens), grid: [1, tokens] };
    let states = follow(graph, shapes, |id, _| (id == attention).then(|| line.clone()));
    let shares = match &states[graph.output()] {
        State::Read(shares) => shares.clone(),
        State::Line(line) if line.tokens.len() == 1 => line.shares(tokens),
        _ => {
            let needed = graph.needed(&[attention], &[graph.output()]);
            let lost = |id: &NodeId| needed[*id] && states[*id] == State::Lost;
            return Err((0..states.len()).find(lost).unwrap_or(graph.output()));
        }
    };
    let sum: f32 = shares.iter().sum();
    let shares: Vec<f32> = shares.iter().map(|share| share / sum).collect();
    if shares.iter().all(|share| share.is_finite()) { Ok(shares) } else { Err(graph.output()) }
}

fn numbered(count: usize) -> Rc<[Option<usize>]> {
    (0..count).map(Some).collect()
}

/// Whether the positions of a value are new ones: those of the image, of a convolution or of windows.
fn makes_maps(op: &Op, inputs: &[&State]) -> bool {
    let kept = |state: &&State| matches!(state, State::Line(line) if line.axes != (2..4));
    match op {
        Op::Input | Op::MaxPool2d(_) | Op::AvgPool2d { .. } | Op::AdaptiveAvgPool2d { .. } => true,
        // A convolution of single positions may stand for a linear layer.
        Op::Conv2d { .. } => !inputs.iter().any(kept),
        _ => false,
    }
}

/// The state of every node. `start` says where tokens come into being.
fn follow(
    graph: &Graph,
    shapes: &[Vec<usize>],
    start: impl Fn(NodeId, &[&State]) -> Option<Line>,
) -> Vec<State> {
    let mut states: Vec<State> = Vec::with_capacity(graph.nodes.len());
    for (id, node) in graph.nodes.iter().enumerate() {
        let inputs: Vec<&State> = node.inputs.iter().map(|&input| &states[input]).collect();
        let state = match start(id, &inputs) {
            Some(line) => State::Line(line),
            None => step(graph, shapes, node, &inputs, &shapes[id]),
        };
        states.push(state);
    }
    states
}

/// The state behind one operation.
fn step(graph: &Graph, shapes: &[Vec<usize>], node: &Node, inputs: &[&State], output: &[usize]) -> State {
    let shape = |i: usize| shapes[node.inputs[i]].as_slice();
    if inputs.iter().all(|state| matches!(state, State::Apart)) {
        return State::Apart;
    }
    if inputs.iter().any(|state| matches!(state, State::Lost)) && !matches!(node.op, Op::MatMul) {
        return State::Lost;
    }
    if let Some(read) = sum(inputs) {
        return read;
    }
    match (&node.op, inputs) {
        (Op::Add | Op::Subtract | Op::Multiply | Op::Divide, _) => {
            let shifted =
                inputs.iter().enumerate().map(|(i, state)| state.shifted(output.len() - shape(i).len()));
            joined(&shifted.collect::<Vec<_>>())
        }
        (Op::MatMul, [a, b]) => product([a, b], [shape(0).len(), shape(1).len()], output.len()),
        (Op::Concat { axis }, _) => {
            concatenated(inputs, &node.inputs.iter().map(|&id| shapes[id][*axis]).collect::<Vec<_>>(), *axis)
        }
        (op, [State::Line(line)]) => line.behind(graph, op, shape(0), output),
        _ => State::Lost,
    }
}

/// The sum of what is read by all inputs; nothing if one still has tokens at their places.
fn sum(inputs: &[&State]) -> Option<State> {
    let mut all: Option<Vec<f32>> = None;
    for state in inputs {
        match state {
            State::Apart => {}
            State::Read(shares) => {
                let sum = all.take().unwrap_or_else(|| vec![0.0; shares.len()]);
                all = Some(sum.iter().zip(shares.iter()).map(|(a, b)| a + b).collect());
            }
            State::Line(_) | State::Lost => return None,
        }
    }
    all.map(|shares| State::Read(shares.into()))
}

/// Of values that are joined number by number: tokens at the same places stay there.
fn joined(states: &[State]) -> State {
    let mut all = State::Apart;
    for state in states {
        all = match (all, state) {
            (all, State::Apart) => all,
            (State::Apart, state) => state.clone(),
            (all, state) if all == *state => all,
            _ => return State::Lost,
        };
    }
    all
}

/// Of a matrix product: the rows of the first matrix and the columns of the second.
fn product([a, b]: [&State; 2], [rank_a, rank_b]: [usize; 2], rank: usize) -> State {
    let [a, b] = [a.shifted(rank - rank_a), b.shifted(rank - rank_b)];
    let at = |state: &State, axis: usize| matches!(state, State::Line(line) if line.axes.contains(&axis));
    let single = |state: &State| matches!(state, State::Line(line) if line.axes.len() == 1);
    match (&a, &b) {
        (State::Line(_), _) if at(&a, rank - 2) && single(&a) => a,
        (State::Apart, State::Line(_)) if at(&b, rank - 1) && single(&b) => b,
        _ if [(&a, rank - 1), (&a, rank - 2), (&b, rank - 1), (&b, rank - 2)]
            .iter()
            .any(|(s, axis)| at(s, *axis)) =>
        {
            State::Lost
        }
        _ => joined(&[a, b]),
    }
}

/// Of values that are joined along an axis, with so many entries each.
fn concatenated(inputs: &[&State], lengths: &[usize], axis: usize) -> State {
    let lines: Vec<&Line> = inputs
        .iter()
        .filter_map(|state| if let State::Line(line) = state { Some(line) } else { None })
        .collect();
    let [first, ..] = lines[..] else { return State::Lost };
    if !first.axes.contains(&axis) {
        return joined(&inputs.iter().map(|state| (*state).clone()).collect::<Vec<_>>());
    }
    if lines.iter().any(|line| line.axes != (axis..axis + 1) || line.grid != first.grid) {
        return State::Lost;
    }
    let mut tokens = Vec::new();
    for (state, &length) in inputs.iter().zip(lengths) {
        match state {
            State::Line(line) => tokens.extend_from_slice(&line.tokens),
            State::Apart => tokens.resize(tokens.len() + length, None),
            State::Read(_) | State::Lost => return State::Lost,
        }
    }
    State::Line(Line { tokens: tokens.into(), ..first.clone() })
}

impl State {
    /// The same with more axes in front.
    fn shifted(&self, more: usize) -> Self {
        match self {
            Self::Line(line) => Self::Line(line.at(line.axes.start + more)),
            other => other.clone(),
        }
    }
}

impl Line {
    fn at(&self, start: usize) -> Self {
        Self { axes: start..start + self.axes.len(), ..self.clone() }
    }

    /// Behind an operation with one input of this shape.
    fn behind(&self, graph: &Graph, op: &Op, input: &[usize], output: &[usize]) -> State {
        let last = input.len() - 1;
        match op {
            Op::Relu | Op::Activation(_) | Op::Affine { .. } | Op::Softmax { .. } => {
                State::Line(self.clone())
            }
            Op::Linear { .. } | Op::LayerNorm { .. } if !self.axes.contains(&last) => {
                State::Line(self.clone())
            }
            Op::BatchNorm2d { .. } if !self.axes.contains(&1) => State::Line(self.clone()),
            Op::Conv2d { weight, stride: [1, 1], .. } if !self.axes.contains(&1) => {
                let single = graph.parameters[*weight].shape[2..] == [1, 1];
                if single { State::Line(self.clone()) } else { State::Lost }
            }
            Op::Mean { axes, keep } => self.mean(axes, *keep),
            Op::Flatten | Op::Reshape { .. } => self.reshaped(input, output),
            Op::Permute { axes } => self.permuted(axes, input),
            Op::Slice { axis, start, end, step } => {
                self.sliced(*axis, *start..(*end).min(input[*axis]), *step)
            }
            Op::Pad { sides, .. } => self.padded(sides),
            _ => State::Lost,
        }
    }

    fn mean(&self, axes: &[usize], keep: bool) -> State {
        match self.axes.clone().filter(|axis| axes.contains(axis)).count() {
            0 => {
                let gone = axes.iter().filter(|&&axis| !keep && axis < self.axes.start).count();
                State::Line(self.at(self.axes.start - gone))
            }
            all if all == self.axes.len() => State::Read(self.shares(self.grid[0] * self.grid[1])),
            _ => State::Lost,
        }
    }

    /// Equal shares of all tokens that are there.
    fn shares(&self, count: usize) -> Rc<[f32]> {
        let mut shares = vec![0.0; count];
        self.tokens.iter().flatten().for_each(|&token| shares[token] += 1.0 / self.tokens.len() as f32);
        shares.into()
    }

    /// The axes of the tokens become others that hold the same numbers in the same order.
    fn reshaped(&self, input: &[usize], output: &[usize]) -> State {
        let before: usize = input[..self.axes.start].iter().product();
        let count = self.tokens.len();
        let read = || State::Read(self.shares(self.grid[0] * self.grid[1]));
        if count == 1 {
            // An axis of length 1 is where it was, or gone.
            let stays =
                output.len() >= input.len() && output[..self.axes.start].iter().product::<usize>() == before;
            return if stays && output[self.axes.start] == 1 { State::Line(self.clone()) } else { read() };
        }
        let product = |range: Range<usize>| output[range].iter().product::<usize>();
        let starts = (0..output.len()).filter(|&start| output[start] > 1 && product(0..start) == before);
        let axes = |start: usize| {
            (start + 1..=output.len()).find(|&end| product(start..end) == count).map(|end| start..end)
        };
        match starts.into_iter().find_map(axes) {
            Some(axes) => State::Line(Self { axes, ..self.clone() }),
            // Tokens and features become one axis: a matrix behind it reads each of them.
            None if output.len() == 2 && before == 1 => read(),
            None => State::Lost,
        }
    }

    fn permuted(&self, axes: &[usize], input: &[usize]) -> State {
        let place = |old: usize| axes.iter().position(|&axis| axis == old);
        let places: Vec<usize> = self.axes.clone().filter_map(place).collect();
        let adjacent = |places: &[usize]| places.windows(2).all(|pair| pair[1] == pair[0] + 1);
        if adjacent(&places) {
            return State::Line(self.at(places[0]));
        }
        // Rows and columns were split into those of patches and those inside a patch.
        let [rows, _, columns, _] = places[..] else { return State::Lost };
        let lengths = &input[self.axes.clone()];
        let split =
            lengths[0] * lengths[1] == self.grid[0] && self.tokens == numbered(self.grid[0] * self.grid[1]);
        if !split || columns != rows + 1 {
            return State::Lost;
        }
        let grid = [lengths[0], lengths[2]];
        State::Line(Self { axes: rows..rows + 2, tokens: numbered(grid[0] * grid[1]), grid })
    }

    fn sliced(&self, axis: usize, range: Range<usize>, step: usize) -> State {
        if !self.axes.contains(&axis) {
            return State::Line(self.clone());
        }
        if self.axes.len() > 1 {
            return State::Lost;
        }
        let tokens = range.step_by(step).map(|index| self.tokens[index]).collect();
        State::Line(Self { tokens, ..self.clone() })
    }

    fn padded(&self, sides: &[(usize, usize)]) -> State {
        let added = |axis: usize| sides[axis - 1];
        if self.axes.clone().all(|axis| axis == 0 || added(axis) == (0, 0)) {
            return State::Line(self.clone());
        }
        if self.axes.len() > 1 || self.axes.start == 0 {
            return State::Lost;
        }
        let (before, after) = added(self.axes.start);
        let nothing = |count| std::iter::repeat_n(None, count);
        let tokens = nothing(before).chain(self.tokens.iter().copied()).chain(nothing(after)).collect();
        State::Line(Self { tokens, ..self.clone() })
    }

    /// All patches, one behind another.
    fn patches(&self) -> Option<Patches> {
        let count = self.grid[0] * self.grid[1];
        let first = self.tokens.iter().position(Option::is_some)?;
        let whole = self.axes.len() == 1 && self.tokens.get(first..first + count)? == &numbered(count)[..];
        let once = self.tokens.iter().flatten().count() == count;
        (whole && once).then_some(Patches { axis: self.axes.start, first, grid: self.grid })
    }
}

#[cfg(test)]
mod tests {
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
            read_by_scores(&self.graph, &shapes, self.attention)
                .map_err(|id| self.graph.nodes[id].name.as_str())
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
}
