//! The windows themselves.

use std::ops::Range;

use super::{BLOCK, Pool};
use crate::Windows;
use crate::simd::{Simd, Work};

/// The windows of one block of channels.
pub(super) struct Forward<'a> {
    pub(super) windows: &'a Windows,
    pub(super) pool: Pool,
    pub(super) map: &'a [f32],
    pub(super) to: &'a mut [f32],
}

impl Work for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Windows { size, count, .. } = *self.windows;
        assert_eq!((self.map.len(), self.to.len()), (self.windows.map(), self.windows.windows()));
        for r in 0..count[0] {
            let rows = self.windows.range(0, r);
            for c in 0..count[1] {
                let window = [rows.clone(), self.windows.range(1, c)];
                for lane in (0..BLOCK).step_by(S::LANES) {
                    let map = self.map.as_ptr().wrapping_add(lane);
                    // SAFETY: windows lie inside of the map, and each has its place.
                    unsafe {
                        let y = match self.pool {
                            Pool::Max => largest(simd, map, size[1], &window),
                            Pool::Mean(_) => {
                                let divisor = simd.splat(self.windows.divisor(self.pool, [r, c]));
                                simd.div(sum(simd, map, size[1], &window), divisor)
                            }
                        };
                        simd.store(self.to.as_mut_ptr().add((r * count[1] + c) * BLOCK + lane), y);
                    }
                }
            }
        }
    }
}

/// The largest numbers of a window; what is not a number wins and stays.
///
/// # Safety
/// A map with rows of `width` pixels holds the window.
#[inline(always)]
unsafe fn largest<S: Simd>(
    simd: S,
    map: *const f32,
    width: usize,
    [rows, columns]: &[Range<usize>; 2],
) -> S::F {
    let first = map.wrapping_add((rows.start * width + columns.start) * BLOCK);
    // SAFETY: the caller's. Constants become unrolled loops.
    unsafe {
        match (rows.len(), columns.len()) {
            (3, 3) => largest_of(simd, first, width, 3, 3),
            (2, 2) => largest_of(simd, first, width, 2, 2),
            (rows, columns) => largest_of(simd, first, width, rows, columns),
        }
    }
}

/// Those of so many rows and columns.
///
/// # Safety
/// They lie behind the first pixel, in rows of `width`.
#[inline(always)]
unsafe fn largest_of<S: Simd>(simd: S, first: *const f32, width: usize, rows: usize, columns: usize) -> S::F {
    let mut most = simd.splat(f32::NEG_INFINITY);
    for r in 0..rows {
        for c in 0..columns {
            // SAFETY: the caller's.
            let x = unsafe { simd.load(first.add((r * width + c) * BLOCK)) };
            most = simd.equal(most, most, simd.max(most, x), most);
        }
    }
    most
}

/// The sums of a window, row by row.
///
/// # Safety
/// A map with rows of `width` pixels holds the window.
#[inline(always)]
unsafe fn sum<S: Simd>(simd: S, map: *const f32, width: usize, [rows, columns]: &[Range<usize>; 2]) -> S::F {
    let mut sum = simd.splat(0.0);
    for r in rows.clone() {
        for c in columns.clone() {
            // SAFETY: the caller's.
            sum = simd.add(sum, unsafe { simd.load(map.add((r * width + c) * BLOCK)) });
        }
    }
    sum
}
