//! Windows over maps.

/// Windows over rows and columns; what lies outside of the map never wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Rows and columns of a window.
    pub kernel: [usize; 2],
    /// Steps down and right.
    pub stride: [usize; 2],
    /// Rows above and columns left of the map where the first windows start.
    pub padding: [usize; 2],
    /// Height and width of the maps.
    pub size: [usize; 2],
    /// Windows down and right; each of them must meet the map.
    pub count: [usize; 2],
}

impl Windows {
    /// The rows or columns of the map in the `i`-th window.
    #[inline(always)]
    pub(crate) fn range(&self, axis: usize, i: usize) -> std::ops::Range<usize> {
        let start = i * self.stride[axis];
        let end = (start + self.kernel[axis]).saturating_sub(self.padding[axis]).min(self.size[axis]);
        start.saturating_sub(self.padding[axis])..end
    }
}
