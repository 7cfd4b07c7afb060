//! Which index of a value belongs to which token, followed from operation to operation: where the patches of an image lie among
//! the tokens of a transformer, and which tokens its scores read.

mod line;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use crate::network::graph::{Graph, Node, NodeId, Op};
use line::{Line, numbered};

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
