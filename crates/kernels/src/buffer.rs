//! Results that start at a cache line.

use std::ops::{Deref, DerefMut};

use crate::memory::prefer_large_pages;
use crate::output::Output;

/// Bytes of a cache line, and its numbers.
const LINE: usize = 64;
const NUMBERS: usize = LINE / size_of::<f32>();

/// Numbers that start at a cache line: stores of a line, and loads of the next operation, then never cross two.
#[derive(Default)]
pub struct Buffer {
    /// More than there are numbers: an allocator that is asked for lines finds no room in what aligned memory has left behind, and a
    /// process grows from pass to pass.
    room: Vec<f32>,
    start: usize,
    count: usize,
}

impl Buffer {
    /// So many zeros.
    pub(crate) fn zeros(count: usize) -> Self {
        // SAFETY: all of them are written.
        unsafe { Self::collect(count, |output| output.at(0).write_bytes(0, count)) }
    }

    /// So many numbers that `write` gives values to.
    ///
    /// # Safety
    /// `write` writes all of them.
    pub(crate) unsafe fn collect(count: usize, write: impl FnOnce(Output)) -> Self {
        let mut room: Vec<f32> = Vec::with_capacity(count + NUMBERS);
        let start = room.as_ptr().align_offset(LINE).min(NUMBERS);
        let first = room.as_mut_ptr().wrapping_add(start);
        prefer_large_pages(first, count);
        write(Output::to(first));
        Self { room, start, count }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: `collect` made room for so many numbers from there on, and had them written.
        unsafe { std::slice::from_raw_parts(self.room.as_ptr().wrapping_add(self.start), self.count) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: likewise.
        unsafe { std::slice::from_raw_parts_mut(self.room.as_mut_ptr().wrapping_add(self.start), self.count) }
    }
}
