//! Results that threads write to different places of.

use rayon::prelude::*;

use crate::buffer::Buffer;

/// Numbers that an operation changes.
pub enum Target<'a> {
    /// In place.
    Own(&'a mut [f32]),
    /// In a copy, because somebody else reads them.
    Shared(&'a [f32]),
}

impl Target<'_> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Own(numbers) => numbers.len(),
            Self::Shared(numbers) => numbers.len(),
        }
    }

    /// Changes them block by block (`change` gets the place of its block as well); the copy, if there is one.
    pub(crate) fn change(self, block: usize, change: impl Fn(usize, &mut [f32]) + Sync) -> Option<Buffer> {
        match self {
            Self::Own(numbers) => {
                let blocks = numbers.par_chunks_mut(block).enumerate();
                blocks.for_each(|(i, numbers)| change(i * block, numbers));
                None
            }
            Self::Shared(numbers) => {
                let write = |output: Output| {
                    numbers.par_chunks(block).enumerate().for_each(|(i, numbers)| {
                        let to = output.at(i * block);
                        // SAFETY: the output is as long as the numbers, and each block belongs to one task.
                        let to = unsafe {
                            to.copy_from_nonoverlapping(numbers.as_ptr(), numbers.len());
                            std::slice::from_raw_parts_mut(to, numbers.len())
                        };
                        change(i * block, to);
                    });
                };
                // SAFETY: all blocks are copied.
                Some(unsafe { Buffer::collect(numbers.len(), write) })
            }
        }
    }
}

/// Numbers under construction.
#[derive(Clone, Copy)]
pub(crate) struct Output(*mut f32);

// SAFETY: writing through it is unsafe, and those who do so see to it that no two threads write to one place.
unsafe impl Send for Output {}
// SAFETY: likewise.
unsafe impl Sync for Output {}

impl Output {
    /// Numbers from there on.
    pub(crate) fn to(start: *mut f32) -> Self {
        Self(start)
    }

    /// Where a number goes.
    pub(crate) fn at(self, index: usize) -> *mut f32 {
        self.0.wrapping_add(index)
    }
}
