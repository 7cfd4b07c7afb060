//! The gradient of the input: a convolution of the output's gradient, one for each residue of the stride.
//!
//! Input row `y` meets output row `o` at tap `k` when `y + padding = stride o + dilation k`. All input rows with the same
//! `r = (y + padding) mod stride` use the same taps, so they are one convolution without a stride.

use super::Geometry;
use crate::grid::Grid;
use crate::source::{Phase, Source};

/// The taps of one residue along one axis: (tap, distance in output rows).
type Taps = Vec<(usize, isize)>;

/// Input pixels that use the same taps, of which there are some.
pub(super) struct Residue {
    at: [usize; 2],
    taps: [Taps; 2],
}

/// The input rows of a residue, along one axis.
pub(super) struct Axis {
    /// The first row.
    first: usize,
    /// Their number.
    count: usize,
    /// The output row that the first one meets at tap distance 0.
    row: isize,
    /// The first output row that is met, and the one behind the last.
    start: isize,
    end: isize,
}

/// The pixels of a residue that an input has.
pub(super) type Axes = [Axis; 2];

impl Residue {
    /// All of a convolution.
    pub(super) fn all(geometry: &Geometry) -> Vec<Self> {
        let taps = |axis: usize, residue: usize| {
            let (stride, dilation) = (geometry.stride[axis], geometry.dilation[axis]);
            let taps = (0..geometry.kernel[axis]).filter(|k| (k * dilation) % stride == residue);
            taps.map(|k| (k, (k * dilation / stride) as isize)).collect::<Taps>()
        };
        let at = (0..geometry.stride[0]).flat_map(|y| (0..geometry.stride[1]).map(move |x| [y, x]));
        let residues = at.map(|at| Self { at, taps: [taps(0, at[0]), taps(1, at[1])] });
        residues.filter(|residue| residue.count() > 0).collect()
    }

    /// The number of taps.
    pub(super) fn count(&self) -> usize {
        self.taps[0].len() * self.taps[1].len()
    }

    /// The place of the i-th tap in a kernel so wide.
    pub(super) fn tap(&self, i: usize, width: usize) -> usize {
        self.taps[0][i / self.taps[1].len()].0 * width + self.taps[1][i % self.taps[1].len()].0
    }

    /// Its pixels in an input of a size, if it has any.
    pub(super) fn axes(&self, geometry: &Geometry, size: [usize; 2]) -> Option<Axes> {
        let axes = [0, 1].map(|axis| self.axis(geometry, axis, size[axis]));
        axes.iter().all(|axis| axis.count > 0).then_some(axes)
    }

    fn axis(&self, geometry: &Geometry, axis: usize, size: usize) -> Axis {
        let (stride, padding) = (geometry.stride[axis], geometry.padding[axis]);
        // The first y >= 0 with (y + padding) mod stride = residue.
        let first = (self.at[axis] + stride - padding % stride) % stride;
        let count = if first < size { (size - first).div_ceil(stride) } else { 0 };
        let distances = || self.taps[axis].iter().map(|tap| tap.1);
        let row = ((first + padding - self.at[axis]) / stride) as isize;
        let start = row - distances().max().unwrap_or(0);
        Axis { first, count, row, start, end: row - distances().min().unwrap_or(0) + count as isize }
    }

    /// Where the samples of each tap start in the copy of a block.
    pub(super) fn offsets(&self, [rows, columns]: &Axes, source: &Source) -> Vec<usize> {
        let mut offsets = Vec::new();
        for (_, down) in &self.taps[0] {
            for (_, right) in &self.taps[1] {
                let row = (rows.row - down - source.phases[0].top) as usize;
                let column = (columns.row - right - source.phases[0].left) as usize;
                offsets.push((row * source.stride + column) * source.unit);
            }
        }
        offsets
    }
}

impl Geometry {
    /// Where the results of a residue lie in an input of a size.
    pub(super) fn gradient_grid(&self, [rows, columns]: &Axes, source: &Source, size: [usize; 2]) -> Grid {
        Grid {
            rows: rows.count,
            columns: columns.count,
            stride: source.stride,
            first: rows.first * size[1] + columns.first,
            row_step: self.stride[0] * size[1],
            column_step: self.stride[1],
        }
    }

    /// The copy that the taps of all residues read of an output's gradient of size `out`, in blocks of `unit` channels.
    pub(super) fn gradient_source(
        &self,
        axes: &[Axes],
        blocks: usize,
        unit: usize,
        out: [usize; 2],
    ) -> Source {
        let start = |axis: usize| axes.iter().map(|axes| axes[axis].start).min().unwrap_or(0);
        let end = |axis: usize| axes.iter().map(|axes| axes[axis].end).max().unwrap_or(0);
        let left = (-start(1)).max(0) as usize;
        // The zeros left of a row also stand right of the one before it.
        let right = (end(1) - out[1] as isize).max(0) as usize;
        let columns = axes.iter().map(|axes| axes[1].count).max().unwrap_or(0);
        Source {
            channels: blocks,
            unit,
            size: out,
            step: [1, 1],
            phases: vec![Phase { top: start(0), left: -(left as isize) }],
            rows: (end(0) - start(0)) as usize,
            stride: (out[1] + left.max(right)).max(columns),
            slack: right + 1,
        }
    }
}
