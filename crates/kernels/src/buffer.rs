//! Results that start at a cache line.

use std::ops::{Deref, DerefMut};

use crate::lines::Line;
use crate::memory::prefer_large_pages;
use crate::output::Output;

/// Numbers that start at a cache line: stores of a line, and loads of the next operation, then never cross two.
#[derive(Default)]
pub struct Buffer {
    lines: Vec<Line>,
    count: usize,
}

impl Buffer {
    /// So many zeros.
    pub(crate) fn zeros(count: usize) -> Self {
        Self { lines: vec![Line::ZERO; count.div_ceil(16)], count }
    }

    /// So many numbers that `write` gives values to.
    ///
    /// # Safety
    /// `write` writes all of them.
    pub(crate) unsafe fn collect(count: usize, write: impl FnOnce(Output)) -> Self {
        let whole = count.div_ceil(16);
        let mut lines: Vec<Line> = Vec::with_capacity(whole);
        prefer_large_pages(lines.as_mut_ptr().cast(), count);
        write(Output::to(lines.as_mut_ptr().cast()));
        let rest = lines.as_mut_ptr().cast::<f32>().wrapping_add(count);
        // SAFETY: the rest of the last line belongs to nobody; the caller wrote all before it.
        unsafe {
            rest.write_bytes(0, whole * 16 - count);
            lines.set_len(whole);
        }
        Self { lines, count }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a line is 16 numbers without a gap, and there are lines enough.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.count) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: likewise.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.count) }
    }
}
