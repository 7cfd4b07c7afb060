//! The results of a block of channels, row by row. Rows of samples are copied into a ring with zeros on both sides, where they stay in
//! the first-level cache until all rows of taps have met them.

use std::cell::RefCell;
use std::ops::Range;

use super::BLOCK;
use super::axis::Axis;
use super::strip::Strip;
use crate::lines::Lines;
use crate::simd::{Level, Simd, Work};
use crate::source::Masked;

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

/// What a row of taps reads for a row of results: where the samples' row with its zeros starts, and the kernel's row.
pub(super) struct Tap {
    pub(super) samples: usize,
    pub(super) weights: usize,
}

impl Work for Band<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (rows, plane, size) = (&self.sweep.rows, self.plane, self.sweep.columns[0].size);
        for row in self.rows.clone() {
            self.meet(simd, row);
            let ahead = (rows.sample(row, rows.taps) * size as isize) * BLOCK as isize;
            let next = [
                plane.x.numbers.as_ptr().wrapping_offset(ahead),
                plane.out.wrapping_add(rows.place(row + 1) * plane.columns * BLOCK),
            ];
            let to = rows.place(row) * plane.columns;
            for columns in &self.sweep.columns {
                let (samples, taps, before) = (&*self.samples, &*self.taps, self.before);
                let strip = Strip { plane, columns, samples, before, taps, to, next };
                // SAFETY: the taps are those that meet samples, and `Sweep::run` has the caller's word for the results.
                unsafe { strip.run(simd) }
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
            if self.held[slot] != Some(sample) {
                self.held[slot] = Some(sample);
                let size = self.sweep.columns[0].size * BLOCK;
                let to = &mut self.samples[slot * self.width..(slot + 1) * self.width];
                let (left, rest) = to.split_at_mut(self.before * BLOCK);
                let (middle, right) = rest.split_at_mut(size);
                clear(simd, left);
                copy(simd, plane.x.part(sample * size..(sample + 1) * size), middle);
                clear(simd, right);
            }
            let weights = rows.kernel(tap) * plane.kernel[1] * BLOCK;
            self.taps.push(Tap { samples: slot * self.width, weights });
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

/// Makes whole lines zero.
#[inline(always)]
fn clear<S: Simd>(simd: S, to: &mut [f32]) {
    for at in (0..to.len() / BLOCK * BLOCK).step_by(S::LANES) {
        // SAFETY: there are these lines.
        unsafe { simd.store(to.as_mut_ptr().add(at), simd.splat(0.0)) };
    }
}
