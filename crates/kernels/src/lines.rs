//! Numbers that start at a cache line: loads that cross lines cost twice, and of vectors as long as a line every one would.

/// A cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line([f32; 16]);

impl Line {
    pub(crate) const ZERO: Self = Self([0.0; 16]);
}

/// Numbers that start at a cache line.
#[derive(Default)]
pub(crate) struct Lines(Vec<Line>);

impl Lines {
    /// So many zeros, rounded up to whole lines.
    pub(crate) fn zeros(count: usize) -> Self {
        Self(vec![Line::ZERO; count.div_ceil(16)])
    }

    /// At least so many numbers, whatever they are.
    pub(crate) fn reserve(&mut self, count: usize) -> &mut [f32] {
        let lines = count.div_ceil(16);
        if self.0.len() < lines {
            self.0.resize(lines, Line::ZERO);
        }
        // SAFETY: a line is 16 numbers without a gap.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), 16 * self.0.len()) }
    }

    /// So many numbers, whatever they are.
    pub(crate) fn exactly(&mut self, count: usize) -> &mut [f32] {
        &mut self.reserve(count)[..count]
    }

    /// All of them.
    pub(crate) fn numbers(&self) -> &[f32] {
        // SAFETY: a line is 16 numbers without a gap.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), 16 * self.0.len()) }
    }
}
