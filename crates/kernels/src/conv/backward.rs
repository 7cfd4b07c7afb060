//! The gradient of the input: a convolution of the output's gradient, one for each phase of the stride.
//!
//! Input row `y` meets output row `o` at tap `k` when `y + padding = stride o + dilation k`. All input rows with
//! the same `r = (y + padding) mod stride` use the same taps, so they are one convolution without a stride.

use super::Conv2d;
use super::pass::{self, Pass};
use crate::Epilogue;
use crate::grid::Grid;
use crate::panels::Panels;
use crate::source::{Masked, Phase, Source};

/// The taps of one phase along one axis: (tap, distance in output rows).
type Taps = Vec<(usize, isize)>;

/// The convolution of one phase.
pub(super) struct Part {
    residue: [usize; 2],
    taps: [Taps; 2],
    /// For each group of channels; nothing if every channel is one.
    panels: Vec<Panels>,
    /// Then the weights of each channel, tap by tap.
    pub(super) channels: Vec<f32>,
}

/// The rows of the input in a phase, along one axis.
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

impl Conv2d {
    /// The gradient of `n` images `(inputs, h, w)` from that of the output `(n, outputs, h', w')`.
    ///
    /// # Panics
    /// If the numbers do not fit the size.
    pub fn input_gradient(&self, gradient: Masked<'_>, size: [usize; 2]) -> Vec<f32> {
        let geometry = &self.geometry;
        let out = geometry.output(size);
        let image = geometry.outputs * out[0] * out[1];
        assert_eq!(gradient.numbers.len() % image, 0);
        let plane = size[0] * size[1];
        let phases = self.phases(size);
        if phases.is_empty() {
            return vec![0.0; gradient.numbers.len() / image * geometry.inputs * plane];
        }
        if geometry.depthwise() {
            return self.depthwise_gradient(gradient, &phases, size);
        }
        let direct = geometry.pointwise() && gradient.mask.is_none();
        let source = self.gradient_source(&phases, out);
        let products = phases.iter().map(|(part, axes)| pass::Part {
            panels: &part.panels,
            offsets: part.offsets(axes, &source, geometry.group()[1]),
            grid: self.gradient_grid(axes, &source, size),
        });
        let pass = Pass {
            products: products.collect(),
            group: geometry.group()[1] * source.channel(),
            source: (!direct).then_some(source),
            rows: geometry.group()[0],
            image,
            plane,
            bias: None,
            epilogue: Epilogue::NOTHING,
        };
        pass.run(gradient)
    }

    /// The phases that an input of this size has, and their rows and columns.
    fn phases(&self, size: [usize; 2]) -> Vec<(&Part, [Axis; 2])> {
        let parts = self.backward.get_or_init(|| self.parts()).iter();
        let phases = parts.map(|part| (part, [0, 1].map(|axis| part.axis(axis, self, size[axis]))));
        phases.filter(|(_, axes)| axes.iter().all(|axis| axis.count > 0)).collect()
    }

    pub(super) fn gradient_grid(
        &self,
        [rows, columns]: &[Axis; 2],
        source: &Source,
        size: [usize; 2],
    ) -> Grid {
        let stride = self.geometry.stride;
        if self.geometry.pointwise() {
            let plane = size[0] * size[1];
            return Grid {
                rows: 1,
                columns: plane,
                stride: plane,
                first: 0,
                row_step: plane,
                column_step: 1,
            };
        }
        Grid {
            rows: rows.count,
            columns: columns.count,
            stride: source.stride,
            first: rows.first * size[1] + columns.first,
            row_step: stride[0] * size[1],
            column_step: stride[1],
        }
    }

    /// The phases that have a tap.
    fn parts(&self) -> Vec<Part> {
        let geometry = self.geometry;
        let weights = (*self.weight).as_ref();
        let [inputs, outputs] = geometry.group();
        let mut parts = Vec::new();
        for ry in 0..geometry.stride[0] {
            for rx in 0..geometry.stride[1] {
                let taps = [self.phase_taps(0, ry), self.phase_taps(1, rx)];
                let count = taps[0].len() * taps[1].len();
                if count == 0 {
                    continue;
                }
                let weight = |output: usize, input: usize, tap: usize| {
                    let (ky, kx) = (taps[0][tap / taps[1].len()].0, taps[1][tap % taps[1].len()].0);
                    weights[geometry.weights(output, input) + ky * geometry.kernel[1] + kx]
                };
                let panels = |group: usize| {
                    Panels::new(self.level, inputs, outputs * count, |input, k| {
                        weight(group * outputs + k / count, input, k % count)
                    })
                };
                let (groups, channels) =
                    if geometry.depthwise() { (0, geometry.groups) } else { (geometry.groups, 0) };
                let panels = (0..groups).map(panels).collect();
                let channels = (0..channels * count).map(|i| weight(i / count, 0, i % count)).collect();
                parts.push(Part { residue: [ry, rx], taps, panels, channels });
            }
        }
        parts
    }

    fn phase_taps(&self, axis: usize, residue: usize) -> Taps {
        let (stride, dilation) = (self.geometry.stride[axis], self.geometry.dilation[axis]);
        let taps = (0..self.geometry.kernel[axis]).filter(|k| (k * dilation) % stride == residue);
        taps.map(|k| (k, (k * dilation / stride) as isize)).collect()
    }

    /// The copy that the taps of all phases read.
    pub(super) fn gradient_source(&self, phases: &[(&Part, [Axis; 2])], out: [usize; 2]) -> Source {
        if self.geometry.pointwise() {
            return Source::same(self.geometry.outputs, out);
        }
        let start = |axis: usize| phases.iter().map(|(_, axes)| axes[axis].start).min().unwrap_or(0);
        let end = |axis: usize| phases.iter().map(|(_, axes)| axes[axis].end).max().unwrap_or(0);
        let left = (-start(1)).max(0) as usize;
        // The zeros left of a row also stand right of the one before it.
        let right = (end(1) - out[1] as isize).max(0) as usize;
        let columns = phases.iter().map(|(_, axes)| axes[1].count).max().unwrap_or(0);
        Source {
            channels: self.geometry.outputs,
            height: out[0],
            width: out[1],
            step: [1, 1],
            phases: vec![Phase { top: start(0), left: -(left as isize) }],
            rows: (end(0) - start(0)) as usize,
            stride: (out[1] + left.max(right)).max(columns),
            slack: right + 1,
        }
    }
}

impl Part {
    fn axis(&self, axis: usize, conv: &Conv2d, size: usize) -> Axis {
        let (stride, padding) = (conv.geometry.stride[axis], conv.geometry.padding[axis]);
        // The first y >= 0 with (y + padding) mod stride = residue.
        let first = (self.residue[axis] + stride - padding % stride) % stride;
        let count = if first < size { (size - first).div_ceil(stride) } else { 0 };
        let distances = || self.taps[axis].iter().map(|tap| tap.1);
        let row = ((first + padding - self.residue[axis]) / stride) as isize;
        let start = row - distances().max().unwrap_or(0);
        Axis { first, count, row, start, end: row - distances().min().unwrap_or(0) + count as isize }
    }

    /// Where the samples of each (output channel of a group, tap) start in the copy.
    pub(super) fn offsets(&self, [rows, columns]: &[Axis; 2], source: &Source, outputs: usize) -> Vec<u32> {
        let mut offsets = Vec::new();
        for output in 0..outputs {
            for (_, down) in &self.taps[0] {
                for (_, right) in &self.taps[1] {
                    let row = (rows.row - down - source.phases[0].top) as usize;
                    let column = (columns.row - right - source.phases[0].left) as usize;
                    offsets.push((output * source.channel() + row * source.stride + column) as u32);
                }
            }
        }
        offsets
    }
}
