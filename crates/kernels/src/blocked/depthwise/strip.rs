//! A row of results, some neighbouring pixels at once: the sums of one are a chain in which each waits for the one before.

use super::BLOCK;
use super::axis::Axis;
use super::sweep::{Plane, Tap};
use crate::simd::Simd;

/// The most pixels of a tile.
pub(super) const PIXELS: usize = 7;

/// A row of results.
pub(super) struct Strip<'a> {
    pub(super) plane: &'a Plane<'a>,
    pub(super) columns: &'a Axis,
    /// Rows of samples with zeros on both sides, wide enough for all taps of all results.
    pub(super) samples: &'a [f32],
    /// Zeros at the left.
    pub(super) before: usize,
    pub(super) taps: &'a [Tap],
    /// The place of its first pixel.
    pub(super) to: usize,
    /// The samples that come next, and where the next row goes: asked for a row ahead, they come while this one is computed.
    pub(super) next: [*const f32; 2],
}

impl Strip<'_> {
    /// Computes it.
    ///
    /// # Safety
    /// Taps and results are those of the plane, and nobody else reads or writes the results.
    #[inline(always)]
    pub(super) unsafe fn run<S: Simd>(&self, simd: S) {
        let Axis { taps, distance, stride, .. } = *self.columns;
        // SAFETY: the caller's. Constants become unrolled loops and displacements of one register.
        unsafe {
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
    }

    /// All results, tile by tile.
    ///
    /// # Safety
    /// As for [`Strip::run`].
    #[inline(always)]
    unsafe fn tiles<S: Simd, const STRIDE: usize>(&self, simd: S, taps: usize, distance: usize) {
        let mut column = 0;
        while column < self.columns.count {
            let count = self.columns.tile.min(self.columns.count - column);
            macro_rules! table {
                ($($count:literal)*) => {
                    match count {
                        // SAFETY: the caller's.
                        $($count => unsafe { self.tile::<S, $count, STRIDE>(simd, column, taps, distance) },)*
                        _ => unreachable!("there is no such tile"),
                    }
                };
            }
            table!(1 2 3 4 5 6 7);
            column += count;
        }
    }

    /// `N` neighbouring results, whose samples are `STRIDE` pixels apart.
    ///
    /// # Safety
    /// As for [`Strip::run`].
    #[inline(always)]
    unsafe fn tile<S: Simd, const N: usize, const STRIDE: usize>(
        &self,
        simd: S,
        column: usize,
        taps: usize,
        distance: usize,
    ) {
        let (plane, columns) = (self.plane, self.columns);
        self.fetch::<S, N, STRIDE>(simd, column);
        let from = (self.before as isize + columns.sample(column, 0)) as usize * BLOCK;
        let out = (self.to + columns.place(column)) * BLOCK;
        let (weights, weights_step) = (columns.kernel(0) * BLOCK, columns.kernel_step * BLOCK as isize);
        let (low, high) = (simd.splat(plane.clip[0]), simd.splat(plane.clip[1]));
        for lane in (0..BLOCK).step_by(S::LANES) {
            // SAFETY: the rows of samples are wide enough, and the plane has as many weights and biases; the rest is the caller's.
            unsafe {
                let bias = plane.bias.map_or(simd.splat(0.0), |bias| simd.load(bias.as_ptr().add(lane)));
                let mut sums = [bias; N];
                for row in self.taps {
                    let samples = self.samples.as_ptr().add(row.samples + from + lane);
                    let weights = plane.weights.as_ptr().add(row.weights + weights + lane);
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

    /// Asks for what the tiles below will want.
    #[inline(always)]
    fn fetch<S: Simd, const N: usize, const STRIDE: usize>(&self, simd: S, column: usize) {
        let [samples, results] = self.next;
        for row in 0..STRIDE {
            for n in 0..N * STRIDE {
                let pixel = row * self.columns.size + column * STRIDE + n;
                simd.prefetch(samples.wrapping_add(pixel * BLOCK));
            }
        }
        for n in 0..N {
            simd.prefetch_write(results.wrapping_add(self.columns.place(column + n) * BLOCK));
        }
    }
}
