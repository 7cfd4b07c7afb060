//! Weights of a convolution packed for the register tile.

use rayon::prelude::*;

use crate::blocked::{self, BLOCK};
use crate::lines::Lines;
use crate::simd::Level;

/// The weights from some channels to some others, cut into groups of outputs as a tile has them: `[group][block of inputs][tap][input of
/// the block][output of the group]`. What lies behind the last input or output is zero.
pub(crate) struct Weights {
    pub(crate) level: Level,
    /// Blocks of inputs, and inputs of a block: sixteen, or one.
    pub(crate) blocks: usize,
    pub(crate) terms: usize,
    /// Outputs, in whole blocks of sixteen.
    outputs: usize,
    /// Terms of a sum.
    sum: usize,
    numbers: Lines,
}

impl Weights {
    /// Packs `weight(output, input)(tap)`; where that is nothing, all taps are zero.
    pub(crate) fn new<W: Fn(usize) -> f32>(
        level: Level,
        [outputs, inputs]: [usize; 2],
        taps: usize,
        terms: usize,
        weight: impl Fn(usize, usize) -> Option<W> + Sync,
    ) -> Self {
        let (blocks, padded) = (inputs.div_ceil(terms), outputs.next_multiple_of(BLOCK));
        let (sum, width) = (blocks * taps * terms, blocked::outputs(level));
        let mut numbers = Lines::zeros(padded * sum);
        numbers.reserve(0).par_chunks_mut(width * sum).enumerate().for_each(|(group, numbers)| {
            let step = numbers.len() / sum;
            for output in group * width..outputs.min((group + 1) * width) {
                for input in 0..inputs {
                    let Some(weight) = weight(output, input) else { continue };
                    let first = (input / terms * taps * terms + input % terms) * step + output % width;
                    for tap in 0..taps {
                        numbers[first + tap * terms * step] = weight(tap);
                    }
                }
            }
        });
        Self { level, blocks, terms, outputs: padded, sum, numbers }
    }

    /// The number of groups.
    pub(crate) fn groups(&self) -> usize {
        self.outputs.div_ceil(blocked::outputs(self.level))
    }

    /// The outputs of a group.
    pub(crate) fn outputs(&self, group: usize) -> std::ops::Range<usize> {
        let width = blocked::outputs(self.level);
        group * width..self.outputs.min((group + 1) * width)
    }

    /// The weights of a group.
    pub(crate) fn group(&self, group: usize) -> &[f32] {
        let outputs = self.outputs(group);
        &self.numbers.numbers()[outputs.start * self.sum..outputs.end * self.sum]
    }

    /// Numbers of all groups.
    pub(crate) fn len(&self) -> usize {
        self.outputs * self.sum
    }

    /// Terms of a sum.
    pub(crate) fn sum(&self) -> usize {
        self.sum
    }
}
