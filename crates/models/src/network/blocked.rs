//! Values whose maps lie in memory in blocks of channels.

use std::ops::Range;

use burn::tensor::ops::PadMode;
use burn::tensor::{Slice, Tensor};
use kernels::Layout;

use super::graph::NodeId;
use super::value::{Binary, Value};
use super::{Hooks, Network, packed};

/// Channels of a block.
const LANES: usize = 16;

/// Sees how the values of a run lie.
struct Seen(Vec<bool>);

impl Hooks for Seen {
    fn plain(&self, _: &Network, _: NodeId) -> bool {
        true
    }

    fn computed(&mut self, node: NodeId, value: &Value) {
        self.0[node] = value.layout() == Layout::Blocked;
    }
}

impl Network {
    /// Whether the value of each node is made of blocks of channels in memory, when images `(1, c, h, w)` run through the network and
    /// nobody asks for a value between.
    pub fn blocked(&self, images: Tensor<4>) -> Vec<bool> {
        let mut seen = Seen(vec![false; self.graph().nodes.len()]);
        self.logits_with(images, &mut seen);
        seen.0
    }
}

impl Value {
    /// How the numbers lie in memory.
    pub fn layout(&self) -> Layout {
        if self.channels.is_some() { Layout::Blocked } else { Layout::Plain }
    }

    /// The value with the numbers in the order of its shape.
    #[must_use]
    pub fn plain(self) -> Self {
        if self.layout() == Layout::Plain { self } else { packed::unpack(self) }
    }

    /// The value with its maps in blocks of channels; itself if it has none, or kernels cannot work on it.
    #[must_use]
    pub(super) fn blocked(self) -> Self {
        if self.layout() == Layout::Plain && self.rank() == 4 && packed::fits(&self) {
            packed::pack(self)
        } else {
            self
        }
    }

    /// Whether there are lanes in which nothing is kept.
    pub(super) fn has_spare_lanes(&self) -> bool {
        self.channels.is_some_and(|channels| !channels.is_multiple_of(LANES))
    }

    /// The value for a function that may do anything to the lanes in which nothing is kept: they must stay finite.
    pub(super) fn without_spare_lanes(self) -> Self {
        if self.has_spare_lanes() { self.plain() } else { self }
    }

    /// The tensor `(n, c / 16, h, w, 16)`.
    fn memory(self) -> Tensor<5> {
        Tensor::from_dispatch(self.into_memory())
    }

    /// Maps of so many channels after an operation on all that is in memory.
    fn in_memory(self, channels: usize, f: impl FnOnce(Tensor<5>) -> Tensor<5>) -> Self {
        Self { channels: Some(channels), ..Self::new(f(self.memory())) }
    }

    /// Whether an operation on two values of one rank can be done where they lie: one is blocked, and spare lanes stay finite.
    pub(super) fn meets_blocked(&self, other: &Self, operation: Binary) -> bool {
        let blocked = self.layout() == Layout::Blocked || other.layout() == Layout::Blocked;
        let finite = matches!(operation, Binary::Add | Binary::Subtract | Binary::Multiply);
        let channels = || self.shape()[1].max(other.shape()[1]);
        blocked && finite && self.spreads(channels()) && other.spreads(channels())
    }

    /// That operation.
    pub(super) fn blocked_with(self, other: Self, operation: Binary) -> Self {
        let channels = self.shape()[1].max(other.shape()[1]);
        let numbers = operation.apply(self.spread(channels), other.spread(channels));
        Self { channels: Some(channels), ..Self::new(numbers) }
    }

    /// Whether the value can stand beside blocked maps of so many channels.
    fn spreads(&self, channels: usize) -> bool {
        let own = self.shape()[1];
        own == channels && (self.layout() == Layout::Blocked || packed::fits(self)) || own == 1
    }

    /// The value as a tensor that is spread over blocked maps of so many channels.
    fn spread(self, channels: usize) -> Tensor<5> {
        match self.shape()[..] {
            [n, 1, h, w] if channels > 1 => self.reshape(&[n, 1, h, w, 1]).tensor(),
            _ => self.blocked().memory(),
        }
    }

    /// Part of an axis where it lies, unless it cuts through a block.
    pub(super) fn blocked_slice(&self, axis: usize, range: Range<usize>, step: usize) -> Option<Self> {
        let channels = self.channels?;
        let whole = range.start.is_multiple_of(LANES)
            && (range.end.is_multiple_of(LANES) || range.end == channels)
            && step == 1;
        if axis == 1 && !whole {
            return None;
        }
        let (range, left) = if axis == 1 {
            (range.start / LANES..range.end.div_ceil(LANES), range.len())
        } else {
            (range, channels)
        };
        let mut parts = [Slice::full(); 5];
        parts[axis] = Slice::new(range.start as isize, Some(range.end as isize), step as isize);
        Some(self.clone().in_memory(left, |x| x.slice(parts)))
    }

    /// Equal finite numbers around rows and columns where they lie.
    pub(super) fn blocked_pad(&self, sides: &[(usize, usize)], value: f32) -> Option<Self> {
        match (self.channels, sides) {
            (Some(channels), &[(0, 0), rows, columns]) if value.is_finite() => {
                let sides = [(0, 0), (0, 0), rows, columns, (0, 0)];
                Some(self.clone().in_memory(channels, |x| x.pad(sides, PadMode::Constant(value))))
            }
            _ => None,
        }
    }

    /// Maps joined along their channels where they lie, if all but the last have whole blocks.
    pub(super) fn blocked_concat(values: Vec<Self>, axis: usize) -> Result<Self, Vec<Self>> {
        let channels: Option<Vec<usize>> = values.iter().map(|value| value.channels).collect();
        match channels {
            Some(channels)
                if axis == 1
                    && channels[..channels.len() - 1]
                        .iter()
                        .all(|channels| channels.is_multiple_of(LANES)) =>
            {
                let numbers = Tensor::cat(values.into_iter().map(Self::memory).collect(), 1);
                Ok(Self { channels: Some(channels.iter().sum()), ..Self::new(numbers) })
            }
            _ => Err(values),
        }
    }
}
