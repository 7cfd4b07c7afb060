//! Which samples a product reads, and where its results go.

/// Results of a product, row by row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Samples between rows of the source.
    pub(crate) stride: usize,
    /// Position (r, c) goes to pixel `first + r * row_step + c * column_step` of the output's plane.
    pub(crate) first: usize,
    pub(crate) row_step: usize,
    pub(crate) column_step: usize,
}

impl Grid {
    /// All pixels of a plane, one after the other.
    pub(crate) fn joined(pixels: usize) -> Self {
        Self { rows: 1, columns: pixels, stride: pixels, first: 0, row_step: pixels, column_step: 1 }
    }

    /// Positions of an image.
    pub(crate) fn positions(&self) -> usize {
        self.rows * self.columns
    }
}
