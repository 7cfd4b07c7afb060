//! The shape of a convolution, and what its taps read.

use crate::source::{Phase, Source};

/// The shape of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Groups of channels that do not see each other; inputs and outputs are split evenly.
    pub groups: usize,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Steps down and right.
    pub stride: [usize; 2],
    /// Zeros on both sides.
    pub padding: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
}

impl Geometry {
    /// Height and width of the output for an input of height and width `size`.
    pub fn output(&self, size: [usize; 2]) -> [usize; 2] {
        std::array::from_fn(|axis| {
            let reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            (size[axis] + 2 * self.padding[axis] - reach) / self.stride[axis] + 1
        })
    }

    /// Input and output channels of one group.
    pub(crate) fn group(&self) -> [usize; 2] {
        [self.inputs / self.groups, self.outputs / self.groups]
    }

    /// Whether every channel is a group.
    pub fn depthwise(&self) -> bool {
        self.groups > 1 && self.group() == [1, 1]
    }

    /// Whether each output position reads nothing but the same position of the input.
    pub(super) fn pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.padding == [0, 0]
    }

    /// Where the weights of an output channel and an input channel of its group start.
    pub(super) fn weights(&self, output: usize, input: usize) -> usize {
        (output * self.group()[0] + input) * self.taps()
    }

    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The copy that the taps read, of so many blocks of channels with `unit` of them together.
    pub(super) fn source(&self, blocks: usize, unit: usize, size: [usize; 2]) -> Source {
        let out = self.output(size);
        let mut phases = Vec::new();
        for tap in 0..self.taps() {
            let phase = self.phase(tap);
            if !phases.contains(&phase) {
                phases.push(phase);
            }
        }
        let reach = |axis: usize| (self.kernel[axis] - 1) * self.dilation[axis] / self.stride[axis];
        // Rows share the zeros between them: the right border of one is the left border of the next.
        let shared = self.stride == [1, 1];
        let stride = if shared { size[1] + self.padding[1] } else { out[1] + reach(1) };
        Source {
            channels: blocks,
            unit,
            size,
            step: self.stride,
            phases,
            rows: out[0] + reach(0),
            stride: stride.max(out[1]),
            slack: reach(1) + 1,
        }
    }

    /// The plane that a tap reads.
    fn phase(&self, tap: usize) -> Phase {
        let residue = |k: usize, axis: usize| {
            ((k * self.dilation[axis]) % self.stride[axis]) as isize - self.padding[axis] as isize
        };
        Phase { top: residue(tap / self.kernel[1], 0), left: residue(tap % self.kernel[1], 1) }
    }

    /// Where the samples of each tap start in the copy of a block.
    pub(super) fn offsets(&self, source: &Source) -> Vec<usize> {
        let offset = |tap: usize| {
            let phase = self.phase(tap);
            let index = source.phases.iter().position(|other| *other == phase).unwrap_or(0);
            let down = tap / self.kernel[1] * self.dilation[0] / self.stride[0];
            let right = tap % self.kernel[1] * self.dilation[1] / self.stride[1];
            index * source.plane() + (down * source.stride + right) * source.unit
        };
        (0..self.taps()).map(offset).collect()
    }
}
