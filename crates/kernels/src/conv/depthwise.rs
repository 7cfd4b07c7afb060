//! Convolution where every channel is a group of its own: too few sums for register tiles, so each row of results
//! is computed vector by vector over all taps.

use std::cell::RefCell;

use rayon::prelude::*;

use super::Conv2d;
use super::backward::{Axis, Part};
use crate::Epilogue;
use crate::grid::Grid;
use crate::output::Output;
use crate::simd::{Simd, Work};
use crate::source::{Masked, Source};
use crate::tile::{self, End};

/// Channels of one task.
const CHANNELS: usize = 16;
/// Rows of results that are computed at once.
const ROWS: usize = 4;

thread_local! {
    static COPY: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Sums over the taps of one copy of a channel.
struct Sweep<'a> {
    /// Tap by tap for each channel.
    weights: &'a [f32],
    offsets: Vec<u32>,
    grid: Grid,
}

/// All sweeps over the channels of images.
struct Sweeps<'a> {
    /// The copy of one channel.
    source: Source,
    sweeps: Vec<Sweep<'a>>,
    channels: usize,
    /// Numbers of a channel of the output.
    plane: usize,
    bias: Option<&'a [f32]>,
    epilogue: Epilogue<'a>,
}

impl Conv2d {
    pub(super) fn depthwise_forward(&self, x: &[f32], size: [usize; 2], epilogue: Epilogue<'_>) -> Vec<f32> {
        let [rows, columns] = self.geometry.output(size);
        let source = self.source(size);
        let grid = Grid { rows, columns, stride: source.stride, first: 0, row_step: columns, column_step: 1 };
        let sweeps = Sweeps {
            sweeps: vec![Sweep { weights: (*self.weight).as_ref(), offsets: self.offsets(&source), grid }],
            source: Source { channels: 1, ..source },
            channels: self.geometry.groups,
            plane: rows * columns,
            bias: self.bias.as_deref(),
            epilogue,
        };
        sweeps.run(self, Masked::all(x))
    }

    pub(super) fn depthwise_gradient(
        &self,
        gradient: Masked<'_>,
        phases: &[(&Part, [Axis; 2])],
        size: [usize; 2],
    ) -> Vec<f32> {
        let source = self.gradient_source(phases, self.geometry.output(size));
        let sweeps = phases.iter().map(|(part, axes)| Sweep {
            weights: &part.channels,
            offsets: part.offsets(axes, &source, 1),
            grid: self.gradient_grid(axes, &source, size),
        });
        let sweeps = Sweeps {
            sweeps: sweeps.collect(),
            source: Source { channels: 1, ..source },
            channels: self.geometry.groups,
            plane: size[0] * size[1],
            bias: None,
            epilogue: Epilogue::NOTHING,
        };
        sweeps.run(self, gradient)
    }
}

impl Sweeps<'_> {
    /// The results of all channels of all images.
    fn run(&self, conv: &Conv2d, input: Masked<'_>) -> Vec<f32> {
        let channel = self.source.height * self.source.width;
        let planes = input.numbers.len() / channel;
        let out = planes * self.plane;
        assert!(self.epilogue.add.is_none_or(|add| add.len() == out));
        let written: usize = self.sweeps.iter().map(|sweep| sweep.grid.wanted()).sum();
        let write = |output: Output| {
            (0..planes.div_ceil(CHANNELS)).into_par_iter().for_each(|task| {
                COPY.with_borrow_mut(|copy| {
                    for i in task * CHANNELS..planes.min((task + 1) * CHANNELS) {
                        self.source.copy(conv.level, input.part(i * channel..(i + 1) * channel), copy);
                        self.channel(conv, i, copy, output);
                    }
                });
            });
        };
        if written < self.plane {
            return Output::collect_some(out, write);
        }
        // SAFETY: the sweeps write `written` different places of every plane, which is all of them.
        unsafe { Output::collect(out, write) }
    }

    /// The results of the `i`-th channel of all images.
    fn channel(&self, conv: &Conv2d, i: usize, copy: &[f32], output: Output) {
        let channel = i % self.channels;
        let added: Vec<*const f32> =
            self.epilogue.add.iter().map(|add| add[i * self.plane..].as_ptr()).collect();
        for Sweep { weights, offsets, grid } in &self.sweeps {
            let reach = offsets.iter().max().map_or(0, |&offset| offset as usize) + grid.positions();
            assert!(reach <= copy.len(), "a copy ends before its last row");
            let end = End {
                outputs: &[output.at(i * self.plane)],
                added: &added,
                first: 0,
                plane: self.plane,
                step: grid.column_step,
                bias: self.bias.map(|bias| bias[channel..].as_ptr()),
                clip: self.epilogue.clip,
            };
            let weights = &weights[channel * offsets.len()..(channel + 1) * offsets.len()];
            conv.level.run(Channel { weights, offsets, grid, copy, end: &end });
        }
    }
}

/// One sweep over one channel.
struct Channel<'a> {
    weights: &'a [f32],
    offsets: &'a [u32],
    grid: &'a Grid,
    copy: &'a [f32],
    end: &'a End<'a>,
}

impl Work for Channel<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let whole = self.grid.rows / ROWS * ROWS;
        for row in (0..whole).step_by(ROWS) {
            self.rows::<S, ROWS>(simd, row);
        }
        match self.grid.rows - whole {
            3 => self.rows::<S, 3>(simd, whole),
            2 => self.rows::<S, 2>(simd, whole),
            1 => self.rows::<S, 1>(simd, whole),
            _ => {}
        }
    }
}

impl Channel<'_> {
    /// Some rows at once: the sums of one are a chain in which each waits for the one before.
    #[inline(always)]
    fn rows<S: Simd, const R: usize>(&self, simd: S, row: usize) {
        let (grid, end) = (self.grid, self.end);
        for column in (0..grid.columns).step_by(S::LANES) {
            let count = (grid.columns - column).min(S::LANES);
            let mask = simd.first(count);
            let from = self.copy[row * grid.stride + column..].as_ptr();
            let mut sums = [simd.splat(0.0); R];
            for (weight, &offset) in self.weights.iter().zip(self.offsets) {
                let weight = simd.splat(*weight);
                for (r, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: `Sweeps::channel` made sure that the copy reaches this far.
                    let samples =
                        unsafe { simd.load_some(from.add(offset as usize + r * grid.stride), mask) };
                    *sum = simd.fma(weight, samples, *sum);
                }
            }
            for (r, sum) in sums.into_iter().enumerate() {
                let place = grid.first + (row + r) * grid.row_step + column * grid.column_step;
                let added = end.added.first().map(|added| added.wrapping_add(place));
                // SAFETY: the plane has room for the grid, and each plane belongs to one task.
                unsafe {
                    let to = end.outputs[0].add(place);
                    tile::write(simd, sum, count, end, 0, added, to);
                }
            }
        }
    }
}
