//! The gradient of an input that is read as planes.
//!
//! With the residues of the stride as channels it is one convolution without a stride, of all outputs to `stride[0] * stride[1] *
//! inputs` channels, whose pixels are then put in their places: an input of three channels fills the lanes of vectors.

use super::pass::{Pass, Product};
use super::weights::Weights;
use super::Geometry;
use crate::Epilogue;
use crate::blocked::{BLOCK, Maps};
use crate::buffer::Buffer;
use crate::grid::Grid;
use crate::simd::Level;
use crate::source::{Masked, Phase, Source};

/// The weights of that convolution.
pub(super) struct Picture {
    level: Level,
    geometry: Geometry,
    /// The furthest distances of taps in output rows and columns.
    reach: [usize; 2],
    weights: Vec<Weights>,
}

impl Picture {
    pub(super) fn new(level: Level, geometry: Geometry, weight: &[f32]) -> Self {
        let Geometry { inputs, outputs, kernel, stride, dilation, .. } = geometry;
        let reach = [0, 1].map(|axis| (kernel[axis] - 1) * dilation[axis] / stride[axis]);
        // The tap of an axis for a residue and a distance.
        let tap = |axis: usize, residue: usize, distance: usize| {
            let at = distance * stride[axis] + residue;
            (at.is_multiple_of(dilation[axis]) && at / dilation[axis] < kernel[axis]).then(|| at / dilation[axis])
        };
        let tap = &tap;
        let weight = |lane: usize, output: usize| {
            let (residue, input) = (lane / inputs, lane % inputs);
            let first = geometry.weights(output, input);
            Some(move |i: usize| {
                let row = tap(0, residue / stride[1], i / (reach[1] + 1));
                let column = tap(1, residue % stride[1], i % (reach[1] + 1));
                row.zip(column).map_or(0.0, |(row, column)| weight[first + row * kernel[1] + column])
            })
        };
        let (lanes, taps) = (stride[0] * stride[1] * inputs, (reach[0] + 1) * (reach[1] + 1));
        let weights = vec![Weights::new(level, [lanes, outputs], taps, BLOCK, weight)];
        Self { level, geometry, reach, weights }
    }

    /// The gradient `(n, inputs, h, w)` from the output's.
    pub(super) fn gradient(&self, gradient: Masked<'_>, size: [usize; 2]) -> Buffer {
        let Geometry { inputs, outputs, stride, padding, .. } = self.geometry;
        let (blocks, out) = (outputs.div_ceil(BLOCK), self.geometry.output(size));
        // Input row y belongs to position (y + padding) / stride.
        let first = [0, 1].map(|axis| padding[axis] / stride[axis]);
        let count = [0, 1].map(|axis| (size[axis] - 1 + padding[axis]) / stride[axis] - first[axis] + 1);
        let [top, left] = [0, 1].map(|axis| first[axis] as isize - self.reach[axis] as isize);
        let source = Source {
            channels: blocks,
            unit: BLOCK,
            size: out,
            step: [1, 1],
            phases: vec![Phase { top, left }],
            rows: count[0] + self.reach[0],
            stride: count[1] + self.reach[1],
            slack: 0,
        };
        let offset = |i: usize| {
            let (down, right) = (i / (self.reach[1] + 1), i % (self.reach[1] + 1));
            ((self.reach[0] - down) * source.stride + self.reach[1] - right) * BLOCK
        };
        let taps = (0..(self.reach[0] + 1) * (self.reach[1] + 1)).map(offset).collect();
        let [rows, columns] = count;
        let grid = Grid { rows, columns, stride: source.stride, first: 0, row_step: columns, column_step: 1 };
        let maps = Maps { channels: stride[0] * stride[1] * inputs, size: count };
        let pass = Pass {
            level: self.level,
            products: vec![Product { weights: &self.weights, taps, grid }],
            source: Some(source),
            image: blocks * BLOCK * out[0] * out[1],
            maps,
            bias: None,
            epilogue: Epilogue::NOTHING,
        };
        self.planes(&pass.run(gradient), maps, first, size)
    }

    /// Puts the pixels of all residues in their places.
    fn planes(&self, residues: &[f32], maps: Maps, first: [usize; 2], size: [usize; 2]) -> Buffer {
        let Geometry { inputs, stride, padding, .. } = self.geometry;
        let n = residues.len() / maps.image();
        let planes = |output: crate::output::Output| {
            use rayon::prelude::*;
            (0..n * inputs * size[0]).into_par_iter().for_each(|i| {
                let (image, input, y) = (i / size[0] / inputs, i / size[0] % inputs, i % size[0]);
                let (row, down) = ((y + padding[0]) / stride[0] - first[0], (y + padding[0]) % stride[0]);
                // SAFETY: the output has room for all rows, and this one belongs to this task.
                let to = unsafe { std::slice::from_raw_parts_mut(output.at(i * size[1]), size[1]) };
                for right in 0..stride[1] {
                    let lane = (down * stride[1] + right) * inputs + input;
                    let block = image * maps.image() + lane / BLOCK * maps.plane();
                    // The first x with (x + padding) mod stride = residue.
                    let x = (right + stride[1] - padding[1] % stride[1]) % stride[1];
                    if x >= size[1] {
                        continue;
                    }
                    let column = (x + padding[1]) / stride[1] - first[1];
                    let from = residues[block + (row * maps.size[1] + column) * BLOCK + lane % BLOCK..].iter();
                    let to = to.iter_mut().skip(x).step_by(stride[1]);
                    to.zip(from.step_by(BLOCK)).for_each(|(to, from)| *to = *from);
                }
            });
        };
        // SAFETY: all rows are written, each number of them.
        unsafe { Buffer::collect(n * inputs * size[0] * size[1], planes) }
    }
}
