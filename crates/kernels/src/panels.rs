//! Weights packed for the register tile.

use crate::simd::Level;
use crate::tile::{self, MOST_ROWS};

/// A matrix `(rows, k)`, cut into panels as high as a tile; rows that do not fill the last panel are zero.
pub(crate) struct Panels {
    pub(crate) level: Level,
    /// Rows of the matrix.
    pub(crate) rows: usize,
    /// Rows of a panel.
    pub(crate) height: usize,
    pub(crate) k: usize,
    numbers: Vec<f32>,
}

impl Panels {
    /// Packs `weight(row, k)`.
    pub(crate) fn new(level: Level, rows: usize, k: usize, weight: impl Fn(usize, usize) -> f32) -> Self {
        let height = tile::panel_rows(level, rows);
        debug_assert!(height <= MOST_ROWS);
        let panels = rows.div_ceil(height);
        let mut numbers = Vec::with_capacity(panels * k * height);
        for panel in 0..panels {
            for k in 0..k {
                for row in panel * height..(panel + 1) * height {
                    numbers.push(if row < rows { weight(row, k) } else { 0.0 });
                }
            }
        }
        Self { level, rows, height, k, numbers }
    }

    /// The number of panels.
    pub(crate) fn count(&self) -> usize {
        self.rows.div_ceil(self.height)
    }

    /// The weights of a panel from term `k` on.
    pub(crate) fn weights(&self, panel: usize, k: usize) -> &[f32] {
        &self.numbers[(panel * self.k + k) * self.height..(panel + 1) * self.k * self.height]
    }

    /// The rows of a panel.
    pub(crate) fn rows(&self, panel: usize) -> std::ops::Range<usize> {
        panel * self.height..self.rows.min((panel + 1) * self.height)
    }
}
