//! Convolution where every channel is a group of its own, sixteen channels at a time.
//!
//! A vector holds channels of one pixel, or their weights; neighbouring pixels meet the same weights.

mod axis;
mod strip;
mod sweep;
#[cfg(test)]
mod tests;
mod weights;

use rayon::prelude::*;

use super::{BLOCK, Maps};
use crate::buffer::Buffer;
use crate::lines::Lines;
use crate::output::Output;
use crate::simd::Level;
use crate::source::Masked;
use crate::{Epilogue, Geometry};
use axis::Axis;
use sweep::{Plane, Sweep};

/// A convolution where every channel is a group of its own, with its weights packed.
pub struct Depthwise {
    level: Level,
    geometry: Geometry,
    /// `[block][row][column][channel of the block]`.
    weights: Lines,
    /// `[block][channel of the block]`.
    bias: Lines,
}

impl Depthwise {
    /// Packs a kernel `(channels, 1, rows, columns)` in row-major order.
    ///
    /// # Panics
    /// If inputs, outputs and groups are not as many, or the numbers of weights or biases do not fit.
    pub fn new(level: Level, geometry: Geometry, weights: &[f32], bias: Option<&[f32]>) -> Self {
        let (channels, taps) = (geometry.groups, geometry.kernel[0] * geometry.kernel[1]);
        assert_eq!([geometry.inputs, geometry.outputs], [channels; 2], "every channel is a group");
        assert_eq!(weights.len(), channels * taps);
        assert!(bias.is_none_or(|bias| bias.len() == channels));
        let pack = |numbers: &[f32], taps: usize| {
            let mut packed = Lines::zeros(channels.next_multiple_of(BLOCK) * taps);
            let to = packed.reserve(0);
            for (i, number) in numbers.iter().enumerate() {
                let (channel, tap) = (i / taps, i % taps);
                to[(channel / BLOCK * taps + tap) * BLOCK + channel % BLOCK] = *number;
            }
            packed
        };
        Self { level, geometry, weights: pack(weights, taps), bias: pack(bias.unwrap_or_default(), 1) }
    }

    /// The shape.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Convolves maps of height and width `size`; lanes behind the last channel stay finite.
    ///
    /// # Panics
    /// If the numbers are not whole images, or what is added has not the result's size.
    pub fn forward(&self, x: &[f32], size: [usize; 2], epilogue: Epilogue<'_>) -> Buffer {
        let [rows, columns] = [0, 1].map(|axis| Axis::forward(&self.geometry, axis, size[axis]));
        let sweeps = vec![Sweep { rows, columns: vec![columns] }];
        let pass = Pass { conv: self, from: size, to: self.geometry.output(size), sweeps, epilogue };
        pass.run(Masked::all(x), Some(self.bias.numbers()))
    }

    /// The gradient of maps of height and width `size` from that of the result.
    ///
    /// # Panics
    /// If the numbers are not whole images.
    pub fn input_gradient(&self, gradient: Masked<'_>, size: [usize; 2]) -> Buffer {
        let from = self.geometry.output(size);
        let [rows, columns] = [0, 1].map(|axis| Axis::gradient(&self.geometry, axis, size[axis], from[axis]));
        let sweeps = rows.into_iter().map(|rows| Sweep { rows, columns: columns.clone() }).collect();
        let pass = Pass { conv: self, from, to: size, sweeps, epilogue: Epilogue::NOTHING };
        pass.run(gradient, None)
    }
}

/// Sweeps over the blocks of images.
struct Pass<'a> {
    conv: &'a Depthwise,
    /// Height and width of what is read, and of the results.
    from: [usize; 2],
    to: [usize; 2],
    /// Together they write every result once.
    sweeps: Vec<Sweep>,
    epilogue: Epilogue<'a>,
}

impl Pass<'_> {
    /// The results of all blocks of all images, spread over threads, and bands of rows where there are too few of them.
    fn run(&self, input: Masked<'_>, bias: Option<&[f32]>) -> Buffer {
        let [from, to] = [self.from, self.to].map(|size| Maps { channels: self.conv.geometry.groups, size });
        let planes = from.images(input.numbers, from.image()) * from.blocks();
        let out = planes * to.plane();
        assert!(self.epilogue.add.is_none_or(|add| add.len() == out));
        let bands = rayon::current_num_threads().div_ceil(planes.max(1));
        let write = |output: Output| {
            let tasks = (0..planes * bands).into_par_iter().with_min_len(to.blocks_of_task());
            tasks.for_each(|task| {
                let (i, band) = (task / bands, task % bands);
                let block = i % from.blocks();
                let part = input.part(i * from.plane()..(i + 1) * from.plane());
                let taps = self.conv.geometry.kernel[0] * self.conv.geometry.kernel[1] * BLOCK;
                let plane = Plane {
                    x: part,
                    columns: self.to[1],
                    kernel: self.conv.geometry.kernel,
                    weights: &self.conv.weights.numbers()[block * taps..(block + 1) * taps],
                    bias: bias.map(|bias| &bias[block * BLOCK..(block + 1) * BLOCK]),
                    added: self.epilogue.add.map(|add| add[i * to.plane()..].as_ptr()),
                    clip: self.epilogue.clip,
                    out: output.at(i * to.plane()),
                };
                for sweep in &self.sweeps {
                    // SAFETY: the axes are of these sizes, and each band of a plane belongs to one task.
                    unsafe { sweep.run(self.conv.level, &plane, band, bands) }
                }
                if let Some(end) = self.epilogue.end {
                    // The rows of the only sweep's band.
                    let [start, end_row] = [band, band + 1].map(|band| band * self.to[0] / bands);
                    let (row, rows) = (self.to[1] * BLOCK, end_row - start);
                    let results = plane.out.wrapping_add(start * row);
                    // SAFETY: likewise; they were just written.
                    unsafe { end.change(self.conv.level, results, [rows, row, row]) }
                }
            });
        };
        // SAFETY: the sweeps write all places of a plane.
        unsafe { Buffer::collect(out, write) }
    }
}
