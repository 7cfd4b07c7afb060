//! Matrices where they lie in memory.

/// Where the number of row `r` and column `c` lies behind the first one is `r * row + c * column`.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) numbers: &'a [f32],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl View<'_> {
    /// Rows as columns.
    pub(crate) fn transposed(self) -> Self {
        Self { row: self.column, column: self.row, ..self }
    }

    /// The first `count` numbers of a row from a column on, then zeros.
    #[inline(always)]
    pub(crate) fn line(self, row: usize, column: usize, count: usize) -> [f32; 16] {
        let from = &self.numbers[row * self.row + column * self.column..];
        if self.column == 1
            && count == 16
            && let Some(line) = from.first_chunk()
        {
            return *line;
        }
        let mut line = [0.0; 16];
        for (to, from) in line[..count].iter_mut().zip(from.iter().step_by(self.column)) {
            *to = *from;
        }
        line
    }
}
