//! Maps whose channels lie sixteen together.

use super::BLOCK;

/// The shape of maps `[image][channel / 16][row][column][channel % 16]`. A pixel's line of sixteen channels is a cache line. Lanes behind
/// the last channel hold finite numbers that nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maps {
    /// Channels, those of the lanes that nobody reads not counted.
    pub channels: usize,
    /// Height and width.
    pub size: [usize; 2],
}

impl Maps {
    /// Blocks of sixteen channels.
    pub fn blocks(&self) -> usize {
        self.channels.div_ceil(BLOCK)
    }

    /// Numbers of a block.
    pub fn plane(&self) -> usize {
        self.size[0] * self.size[1] * BLOCK
    }

    /// Numbers of an image.
    pub fn image(&self) -> usize {
        self.blocks() * self.plane()
    }

    /// Pixels of a channel.
    pub(super) fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// How many images of so many numbers there are.
    ///
    /// # Panics
    /// If the last one is not whole.
    pub(super) fn images(&self, x: &[f32], image: usize) -> usize {
        let n = x.len().checked_div(image).unwrap_or(0);
        assert_eq!(x.len(), n * image, "not whole images of {self:?}");
        n
    }

    /// Blocks of one task, so that it is worth its start.
    pub(super) fn blocks_of_task(&self) -> usize {
        const TASK: usize = 1 << 14;
        TASK.checked_div(self.plane()).unwrap_or(1).max(1)
    }
}
