//! Weights packed for the register tile, and the product of all of them with one source.

use crate::tile::{MOST_OUTPUTS, MOST_POSITIONS, Tile, tile};

/// Weights stay in the second-level cache while the sources of several pictures pass by.
const BLOCK_BYTES: usize = 512 * 1024;

/// Terms that are added up before they join the sum: one long chain of 4,608 terms loses digits that sums of sums
/// keep, and a ReLU near zero then falls on the other side.
const PART: usize = 256;

/// A matrix `(outputs, k)`, cut into panels of as many outputs as a tile has; outputs that do not fill the last
/// panel are zero.
pub(crate) struct Panels {
    tile: Tile,
    outputs: usize,
    k: usize,
    numbers: Vec<f32>,
}

/// Where results go: positions run along rows of a grid, of which only the first `columns` are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Distance between rows of the source.
    pub(crate) stride: usize,
    /// Position (r, c) goes to `first + r * row_step + c * column_step` of an output's plane.
    pub(crate) first: usize,
    pub(crate) row_step: usize,
    pub(crate) column_step: usize,
    /// Numbers of one output's plane.
    pub(crate) plane: usize,
}

impl Grid {
    fn positions(&self) -> usize {
        (self.rows - 1) * self.stride + self.columns
    }
}

impl Panels {
    /// Packs `weight(output, k)`.
    pub(crate) fn new(outputs: usize, k: usize, weight: impl Fn(usize, usize) -> f32) -> Self {
        let tile = tile();
        let panels = outputs.div_ceil(tile.outputs);
        let mut numbers = Vec::with_capacity(panels * k * tile.outputs);
        for panel in 0..panels {
            for k in 0..k {
                for m in panel * tile.outputs..(panel + 1) * tile.outputs {
                    numbers.push(if m < outputs { weight(m, k) } else { 0.0 });
                }
            }
        }
        Self { tile, outputs, k, numbers }
    }

    /// The number of panels.
    pub(crate) fn count(&self) -> usize {
        self.outputs.div_ceil(self.tile.outputs)
    }

    /// Multiplies some panels with the sources of several pictures. `out(picture)` is the first of the planes
    /// of the outputs of those panels, and `bias` is that of all outputs.
    pub(crate) fn multiply(
        &self,
        panels: std::ops::Range<usize>,
        sources: &[&[f32]],
        offsets: &[u32],
        grid: &Grid,
        bias: Option<&[f32]>,
        outs: &mut [&mut [f32]],
    ) {
        assert_eq!(offsets.len(), self.k);
        let first = panels.start * self.tile.outputs;
        let reach = offsets.iter().copied().max().map_or(0, |offset| offset as usize) + grid.positions();
        assert!(sources.iter().all(|source| reach <= source.len()), "a source ends before its last tile");
        let mut results = [0.0; MOST_OUTPUTS * MOST_POSITIONS];
        let block = (BLOCK_BYTES / (4 * self.k * self.tile.outputs)).max(1);
        for start in panels.clone().step_by(block) {
            let block = start..panels.end.min(start + block);
            for (source, out) in sources.iter().zip(outs.iter_mut()) {
                for position in (0..grid.positions()).step_by(self.tile.positions) {
                    for panel in block.clone() {
                        let count = self.tile.positions.min(grid.positions() - position);
                        let mut weights = &self.numbers[panel * self.k * self.tile.outputs..];
                        for (part, offsets) in offsets.chunks(PART).enumerate() {
                            // SAFETY: `tile` was detected; the panel has k rows; the assertion bounds every read.
                            unsafe {
                                let source = source.as_ptr().add(position);
                                (self.tile.kernel)(
                                    weights.as_ptr(),
                                    source,
                                    offsets,
                                    count,
                                    part > 0,
                                    &mut results,
                                );
                            }
                            weights = &weights[offsets.len() * self.tile.outputs..];
                        }
                        self.store(panel, first, &results, grid, position, bias, out);
                    }
                }
            }
        }
    }

    /// Copies the wanted positions of a tile to their places and adds the bias.
    #[allow(clippy::too_many_arguments)]
    fn store(
        &self,
        panel: usize,
        first: usize,
        results: &[f32],
        grid: &Grid,
        position: usize,
        bias: Option<&[f32]>,
        out: &mut [f32],
    ) {
        let end = grid.positions().min(position + self.tile.positions);
        let outputs = panel * self.tile.outputs..self.outputs.min((panel + 1) * self.tile.outputs);
        let mut at = position;
        while at < end {
            let (row, column) = (at / grid.stride, at % grid.stride);
            let run = (grid.stride - column).min(end - at);
            let wanted = run.min(grid.columns.saturating_sub(column));
            if wanted > 0 {
                let target = grid.first + row * grid.row_step + column * grid.column_step;
                for (m, output) in outputs.clone().enumerate() {
                    let from = &results[m * self.tile.positions + at - position..][..wanted];
                    let shift = bias.map_or(0.0, |bias| bias[output]);
                    let to = &mut out[(output - first) * grid.plane + target..];
                    if grid.column_step == 1 {
                        to[..wanted].iter_mut().zip(from).for_each(|(to, from)| *to = from + shift);
                    } else {
                        let places = to.iter_mut().step_by(grid.column_step);
                        places.zip(from).for_each(|(to, from)| *to = from + shift);
                    }
                }
            }
            at += run;
        }
    }
}
