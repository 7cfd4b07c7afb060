//! Tokens at their places, and where an operation puts them.

use std::ops::Range;
use std::rc::Rc;

use super::{Patches, State};
use crate::network::graph::{Graph, Op};

/// What lies at the indices of some axes of a value, taken together row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) axes: Range<usize>,
    /// A token's number, or nothing: a class token, a register.
    pub(super) tokens: Rc<[Option<usize>]>,
    /// Rows and columns of the tokens.
    pub(super) grid: [usize; 2],
}

/// Tokens in their order.
pub(super) fn numbered(count: usize) -> Rc<[Option<usize>]> {
    (0..count).map(Some).collect()
}

impl Line {
    pub(super) fn at(&self, start: usize) -> Self {
        Self { axes: start..start + self.axes.len(), ..self.clone() }
    }

    /// Behind an operation with one input of this shape.
    pub(super) fn behind(&self, graph: &Graph, op: &Op, input: &[usize], output: &[usize]) -> State {
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
    pub(super) fn shares(&self, count: usize) -> Rc<[f32]> {
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
    pub(super) fn patches(&self) -> Option<Patches> {
        let count = self.grid[0] * self.grid[1];
        let first = self.tokens.iter().position(Option::is_some)?;
        let whole = self.axes.len() == 1 && self.tokens.get(first..first + count)? == &numbered(count)[..];
        let once = self.tokens.iter().flatten().count() == count;
        (whole && once).then_some(Patches { axis: self.axes.start, first, grid: self.grid })
    }
}
