//! Where the gradient of windows goes.

use std::ops::Range;

use super::{BLOCK, Pool};
use crate::Windows;
use crate::simd::{Simd, Work};

/// The gradient of one block of channels.
pub(super) struct Backward<'a> {
    pub(super) windows: &'a Windows,
    pub(super) pool: Pool,
    /// The map and its largest numbers, if the gradient depends on them.
    pub(super) kept: Option<(&'a [f32], &'a [f32])>,
    pub(super) gradient: &'a [f32],
    pub(super) to: &'a mut [f32],
}

impl Work for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Windows { size, count, .. } = *self.windows;
        let (map, windows) = (self.windows.map(), self.windows.windows());
        assert_eq!((self.to.len(), self.gradient.len()), (map, windows));
        assert!(self.kept.is_none_or(|(x, y)| (x.len(), y.len()) == (map, windows)));
        self.to.fill(0.0);
        for r in 0..count[0] {
            let rows = self.windows.range(0, r);
            for c in 0..count[1] {
                let window = [rows.clone(), self.windows.range(1, c)];
                let divisor = simd.splat(self.windows.divisor(self.pool, [r, c]));
                for lane in (0..BLOCK).step_by(S::LANES) {
                    let (at, to) =
                        ((r * count[1] + c) * BLOCK + lane, self.to.as_mut_ptr().wrapping_add(lane));
                    // SAFETY: windows lie inside of the map, and each has its place.
                    unsafe {
                        let gradient = simd.load(self.gradient.as_ptr().add(at));
                        match self.kept {
                            None => give_all(simd, simd.div(gradient, divisor), to, size[1], &window),
                            Some((x, y)) => {
                                let most =
                                    Most { map: x.as_ptr().add(lane), value: simd.load(y.as_ptr().add(at)) };
                                give_first(simd, gradient, most, to, size[1], &window);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Adds a gradient to all places of a window.
///
/// # Safety
/// A map with rows of `width` pixels holds the window.
#[inline(always)]
unsafe fn give_all<S: Simd>(
    simd: S,
    gradient: S::F,
    to: *mut f32,
    width: usize,
    [rows, columns]: &[Range<usize>; 2],
) {
    for r in rows.clone() {
        for c in columns.clone() {
            // SAFETY: the caller's.
            unsafe {
                let to = to.add((r * width + c) * BLOCK);
                simd.store(to, simd.add(simd.load(to), gradient));
            }
        }
    }
}

/// A map, and the largest numbers of a window of it.
struct Most<F> {
    map: *const f32,
    value: F,
}

/// Adds a gradient to the first place of a window, by rows, that holds the largest number. What is not a number equals nothing, and has
/// no place.
///
/// # Safety
/// Maps with rows of `width` pixels hold the window.
#[inline(always)]
unsafe fn give_first<S: Simd>(
    simd: S,
    gradient: S::F,
    most: Most<S::F>,
    to: *mut f32,
    width: usize,
    [rows, columns]: &[Range<usize>; 2],
) {
    let (zero, mut rest) = (simd.splat(0.0), gradient);
    for r in rows.clone() {
        for c in columns.clone() {
            let at = (r * width + c) * BLOCK;
            // SAFETY: the caller's.
            unsafe {
                let (x, to) = (simd.load(most.map.add(at)), to.add(at));
                simd.store(to, simd.add(simd.load(to), simd.equal(x, most.value, rest, zero)));
                rest = simd.equal(x, most.value, zero, rest);
            }
        }
    }
}
