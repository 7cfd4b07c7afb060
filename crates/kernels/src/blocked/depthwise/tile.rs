//! The results of a block of channels, some neighbouring pixels at once: the sums of one are a chain in which each waits for the one
//! before.

use std::cell::RefCell;
use std::ops::Range;

use super::BLOCK;
use super::axis::Axis;
use crate::lines::Lines;
use crate::simd::{Level, Simd, Work};
use crate::source::Masked;

/// The most pixels of a tile.
const PIXELS: usize = 7;

thread_local! {
    static DESK: RefCell<Desk> = RefCell::default();
}

/// Memory of a thread.
#[derive(Default)]
struct Desk {
    /// Rows of samples with zeros on both sides, each where its number modulo their count says.
    rows: Lines,
    /// Which row of samples each of them is.
    held: Vec<Option<usize>>,
    /// What the rows of taps read that meet samples.
    taps: Vec<Tap>,
}

/// Results whose rows see the same taps.
pub(super) struct Sweep {
    pub(super) rows: Axis,
    /// For each phase of columns.
    pub(super) columns: Vec<Axis>,
}

/// A block of channels of one image.
pub(super) struct Plane<'a> {
    pub(super) x: Masked<'a>,
    /// Columns of the results.
    pub(super) columns: usize,
    /// Rows and columns of the kernel.
    pub(super) kernel: [usize; 2],
    /// `[row][column][channel of the block]`.
    pub(super) weights: &'a [f32],
    pub(super) bias: Option<&'a [f32]>,
    /// Added to the results, in their layout.
    pub(super) added: Option<*const f32>,
    pub(super) clip: [f32; 2],
    pub(super) out: *mut f32,
}

impl Sweep {
    /// Writes the results of one band of rows.
    ///
    /// # Safety
    /// The plane's results have the places of the axes, and nobody else reads or writes those of this band.
    pub(super) unsafe fn run(&self, level: Level, plane: &Plane<'_>, band: usize, bands: usize) {
        assert_eq!(plane.weights.len(), plane.kernel[0] * plane.kernel[1] * BLOCK);
        assert!(plane.bias.is_none_or(|bias| bias.len() == BLOCK));
        let count = self.rows.count;
        let rows = band * count / bands..(band + 1) * count / bands;
        let before = self.columns.iter().map(Axis::before).max().unwrap_or(0);
        let behind = self.columns.iter().map(Axis::behind).max().unwrap_or(0);
        let width = (before + self.columns[0].size + behind) * BLOCK;
        let depth = self.rows.taps.saturating_sub(1) * self.rows.distance + 1;
        DESK.with_borrow_mut(|Desk { rows: samples, held, taps }| {
            held.clear();
            held.resize(depth, None);
            let samples = &mut samples.reserve(depth * width)[..depth * width];
            level.run(Band { sweep: self, plane, rows, before, width, samples, held, taps });
        });
    }
}

/// Some rows of results, and the rows of samples that they need.
struct Band<'a> {
    sweep: &'a Sweep,
    plane: &'a Plane<'a>,
    rows: Range<usize>,
    /// Zeros at the left of a row of samples.
    before: usize,
    /// Numbers of a row of samples.
    width: usize,
    samples: &'a mut [f32],
    held: &'a mut [Option<usize>],
    taps: &'a mut Vec<Tap>,
}

/// What a row of taps reads for a row of results: the samples' row with its zeros, and the kernel's row.
struct Tap {
    samples: *const f32,
    weights: *const f32,
}

impl Work for Band<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (rows, plane, size) = (&self.sweep.rows, self.plane, self.sweep.columns[0].size);
        for row in self.rows.clone() {
            self.meet(simd, row);
            let ahead = (rows.sample(row, rows.taps) * size as isize) * BLOCK as isize;
            for columns in &self.sweep.columns {
                let strip = Strip {
                    plane,
                    columns,
                    taps: self.taps,
                    before: self.before,
                    to: rows.place(row) * plane.columns,
                    next: [
                        plane.x.numbers.as_ptr().wrapping_offset(ahead),
                        plane.out.wrapping_add(rows.place(row + 1) * plane.columns * BLOCK),
                    ],
                };
                strip.run(simd);
            }
        }
    }
}

impl Band<'_> {
    /// Finds the taps that meet samples, whose rows are copied unless they are there.
    #[inline(always)]
    fn meet<S: Simd>(&mut self, simd: S, row: usize) {
        let (rows, plane) = (&self.sweep.rows, self.plane);
        self.taps.clear();
        for tap in 0..rows.taps {
            let sample = rows.sample(row, tap);
            if sample < 0 || sample >= rows.size as isize {
                continue;
            }
            let (sample, slot) = (sample as usize, sample as usize % self.held.len());
            let to = &mut self.samples[slot * self.width..(slot + 1) * self.width];
            if self.held[slot] != Some(sample) {
                self.held[slot] = Some(sample);
                let size = self.sweep.columns[0].size * BLOCK;
                let (zeros, rest) = to.split_at_mut(self.before * BLOCK);
                let (row, more_zeros) = rest.split_at_mut(size);
                zeros.fill(0.0);
                copy(simd, plane.x.part(sample * size..(sample + 1) * size), row);
                more_zeros.fill(0.0);
            }
            let weights = plane.weights[rows.kernel(tap) * plane.kernel[1] * BLOCK..].as_ptr();
            self.taps.push(Tap { samples: to.as_ptr(), weights });
        }
    }
}

/// Copies whole lines; numbers that do not count become zero: their mask is one of the bounds that it was clipped to.
#[inline(always)]
fn copy<S: Simd>(simd: S, from: Masked<'_>, to: &mut [f32]) {
    assert_eq!(from.numbers.len(), to.len());
    assert!(from.mask.is_none_or(|(mask, _)| mask.len() == to.len()));
    for at in (0..to.len() / BLOCK * BLOCK).step_by(S::LANES) {
        // SAFETY: all of them have these lines.
        unsafe {
            let mut x = simd.load(from.numbers.as_ptr().add(at));
            if let Some((mask, [low, high])) = from.mask {
                let (low, high) = (simd.splat(low), simd.splat(high));
                let mask = simd.min(high, simd.max(low, simd.load(mask.as_ptr().add(at))));
                x = simd.equal(mask, low, simd.splat(0.0), x);
                x = simd.equal(mask, high, simd.splat(0.0), x);
            }
            simd.store(to.as_mut_ptr().add(at), x);
        }
    }
}

/// A row of results.
struct Strip<'a> {
    plane: &'a Plane<'a>,
    columns: &'a Axis,
    taps: &'a [Tap],
    before: usize,
    /// The place of its first pixel.
    to: usize,
    /// The samples that come next, and where the next row goes: asked for a row ahead, they come while this one is computed.
    next: [*const f32; 2],
}

impl Strip<'_> {
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S) {
        let Axis { taps, distance, stride, .. } = *self.columns;
        // Constants become unrolled loops and displacements of one register.
        match (taps, distance, stride) {
            (1, _, 1) => self.tiles::<S, 1>(simd, 1, 1),
            (2, 1, 1) => self.tiles::<S, 1>(simd, 2, 1),
            (3, 1, 1) => self.tiles::<S, 1>(simd, 3, 1),
            (5, 1, 1) => self.tiles::<S, 1>(simd, 5, 1),
            (7, 1, 1) => self.tiles::<S, 1>(simd, 7, 1),
            (3, 1, 2) => self.tiles::<S, 2>(simd, 3, 1),
            (5, 1, 2) => self.tiles::<S, 2>(simd, 5, 1),
            (_, _, 1) => self.tiles::<S, 1>(simd, taps, distance),
            _ => {
                for column in 0..self.columns.count {
                    self.tile::<S, 1, 1>(simd, column, taps, distance);
                }
            }
        }
    }

    /// Tiles that are equally wide, or nearly.
    #[inline(always)]
    fn tiles<S: Simd, const STRIDE: usize>(&self, simd: S, taps: usize, distance: usize) {
        let tiles = self.columns.count.div_ceil(PIXELS);
        let mut column = 0;
        for i in 0..tiles {
            let count = (self.columns.count - column).div_ceil(tiles - i);
            macro_rules! table {
                ($($count:literal)*) => {
                    match count {
                        $($count => self.tile::<S, $count, STRIDE>(simd, column, taps, distance),)*
                        _ => unreachable!("there is no such tile"),
                    }
                };
            }
            table!(1 2 3 4 5 6 7);
            column += count;
        }
    }

    /// `N` neighbouring results, whose samples are `STRIDE` pixels apart.
    #[inline(always)]
    fn tile<S: Simd, const N: usize, const STRIDE: usize>(
        &self,
        simd: S,
        column: usize,
        taps: usize,
        distance: usize,
    ) {
        let (plane, columns) = (self.plane, self.columns);
        let from = (self.before as isize + columns.sample(column, 0)) as usize * BLOCK;
        let out = (self.to + columns.place(column)) * BLOCK;
        let (weights, weights_step) = (columns.kernel(0) * BLOCK, columns.kernel_step * BLOCK as isize);
        for row in 0..STRIDE {
            for n in 0..N * STRIDE {
                simd.prefetch(self.next[0].wrapping_add((row * columns.size + column * STRIDE + n) * BLOCK));
            }
        }
        for n in 0..N {
            simd.prefetch(self.next[1].wrapping_add(columns.place(column + n) * BLOCK));
        }
        let (low, high) = (simd.splat(plane.clip[0]), simd.splat(plane.clip[1]));
        for lane in (0..BLOCK).step_by(S::LANES) {
            // SAFETY: `Sweep::run` made the rows of samples wide enough for all taps of all results, and made sure of weights and bias;
            // its caller has room for the results, and as much to be added.
            unsafe {
                let bias = plane.bias.map_or(simd.splat(0.0), |bias| simd.load(bias.as_ptr().add(lane)));
                let mut sums = [bias; N];
                for row in self.taps {
                    let samples = row.samples.add(from + lane);
                    let weights = row.weights.add(weights + lane);
                    for tap in 0..taps {
                        let weight = simd.load(weights.offset(tap as isize * weights_step));
                        let samples = samples.add(tap * distance * BLOCK);
                        for n in 0..N {
                            sums[n] = simd.fma(simd.load(samples.add(n * STRIDE * BLOCK)), weight, sums[n]);
                        }
                    }
                }
                for n in 0..N {
                    let at = out + n * columns.step * BLOCK + lane;
                    if let Some(added) = plane.added {
                        sums[n] = simd.add(sums[n], simd.load(added.add(at)));
                    }
                    simd.store(plane.out.add(at), simd.min(high, simd.max(low, sums[n])));
                }
            }
        }
    }
}
