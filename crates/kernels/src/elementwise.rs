//! Functions of single numbers.

use rayon::prelude::*;

use crate::simd::{Level, Simd, Work};

/// Numbers of one task.
const BLOCK: usize = 1 << 14;

/// Sets numbers to zero where `y` does not lie between two bounds.
///
/// # Panics
/// If there are not as many of them.
pub fn mask(level: Level, x: &mut [f32], y: &[f32], bounds: [f32; 2]) {
    assert_eq!(x.len(), y.len());
    x.par_chunks_mut(BLOCK).zip(y.par_chunks(BLOCK)).for_each(|(x, y)| level.run(Mask { x, y, bounds }));
}

struct Mask<'a> {
    x: &'a mut [f32],
    y: &'a [f32],
    bounds: [f32; 2],
}

impl Work for Mask<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let [low, high] = self.bounds;
        for (x, y) in self.x.iter_mut().zip(self.y) {
            *x = if *y <= low || *y >= high { 0.0 } else { *x };
        }
    }
}
