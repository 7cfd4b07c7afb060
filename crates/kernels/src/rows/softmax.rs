//! Softmax.

use super::{APART, Total, block, load};
use crate::buffer::Buffer;
use crate::math;
use crate::output::Target;
use crate::simd::{Level, Simd, Work};

/// Exponentials of rows of `n` numbers over their sum.
///
/// # Panics
/// If the numbers are not whole rows.
pub fn softmax(level: Level, n: usize, x: Target<'_>) -> Option<Buffer> {
    assert_eq!(x.len() % n, 0);
    x.change(block(n), |_, x| level.run(Softmax { n, x }))
}

/// The gradient of what softmax values `y` were made of from that of the values.
///
/// # Panics
/// If the numbers are not whole rows.
pub fn softmax_gradient(level: Level, n: usize, y: &[f32], gradient: Target<'_>) -> Option<Buffer> {
    assert_eq!([y.len() % n, gradient.len()], [0, y.len()]);
    gradient.change(block(n), |start, gradient| {
        let y = &y[start..start + gradient.len()];
        level.run(SoftmaxGradient { n, y, gradient });
    })
}

/// The largest number of a row.
#[inline(always)]
pub(crate) fn largest<S: Simd>(simd: S, row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    if row.len() < S::LANES {
        lanes[..row.len()].copy_from_slice(row);
    } else {
        let mut most = simd.splat(f32::NEG_INFINITY);
        for at in (0..row.len()).step_by(S::LANES) {
            // The last vector begins inside of the one before it.
            let at = at.min(row.len() - S::LANES);
            // SAFETY: a whole vector lies behind this place.
            most = simd.max(most, unsafe { simd.load(row.as_ptr().add(at)) });
        }
        // SAFETY: no vector is longer.
        unsafe { simd.store(lanes.as_mut_ptr(), most) };
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

/// Softmax in rows of `n`.
struct Softmax<'a> {
    n: usize,
    x: &'a mut [f32],
}

impl Work for Softmax<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for row in self.x.chunks_mut(self.n) {
            let most = simd.splat(largest(simd, row));
            let mut total = Total::new(simd);
            for start in (0..row.len()).step_by(APART) {
                for part in 0..Total::<S>::PARTS {
                    let at = start + part * S::LANES;
                    if at >= row.len() {
                        break;
                    }
                    // SAFETY: `at` is a place of the row, whose lanes the mask covers.
                    unsafe {
                        let (x, mask) = load(simd, row, at);
                        let to = row.as_mut_ptr().add(at);
                        simd.store_some(to, mask, math::exp(simd, simd.sub(x, most)));
                        // Read again, for zeros in the lanes behind the row.
                        total.add(simd, part, simd.load_some(to, mask));
                    }
                }
            }
            let inverse = simd.splat(1.0 / total.sum(simd));
            for at in (0..row.len()).step_by(S::LANES) {
                // SAFETY: likewise.
                unsafe {
                    let (x, mask) = load(simd, row, at);
                    simd.store_some(row.as_mut_ptr().add(at), mask, simd.mul(x, inverse));
                }
            }
        }
    }
}

/// `y (g - sum(g y))` in rows of `n`.
struct SoftmaxGradient<'a> {
    n: usize,
    y: &'a [f32],
    gradient: &'a mut [f32],
}

impl Work for SoftmaxGradient<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (y, gradient) in self.y.chunks(self.n).zip(self.gradient.chunks_mut(self.n)) {
            let mut total = Total::new(simd);
            for start in (0..self.n).step_by(APART) {
                for part in 0..Total::<S>::PARTS {
                    let at = start + part * S::LANES;
                    if at >= self.n {
                        break;
                    }
                    // SAFETY: `at` is a place of each row.
                    let (y, gradient) = unsafe { (load(simd, y, at).0, load(simd, gradient, at).0) };
                    total.fma(simd, part, y, gradient);
                }
            }
            let total = simd.splat(total.sum(simd));
            for at in (0..self.n).step_by(S::LANES) {
                // SAFETY: likewise.
                unsafe {
                    let (g, mask) = load(simd, gradient, at);
                    let y = load(simd, y, at).0;
                    simd.store_some(gradient.as_mut_ptr().add(at), mask, simd.mul(y, simd.sub(g, total)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{differences, rows};
    use super::*;

    #[test]
    fn rows_of_a_softmax_add_up_to_one_and_have_their_gradients() {
        for (n, level) in
            [1, 5, 16, 50].into_iter().flat_map(|n| Level::all().into_iter().map(move |l| (n, l)))
        {
            let x = rows(n);
            let mut y = x.clone();
            softmax(level, n, Target::Own(&mut y));
            for (y, x) in y.chunks(n).zip(x.chunks(n)) {
                let total: f64 = x.iter().map(|x| f64::from(*x).exp()).sum();
                for (y, x) in y.iter().zip(x) {
                    assert!(
                        (f64::from(*y) - f64::from(*x).exp() / total).abs() < 1e-6,
                        "{n} {}",
                        level.name()
                    );
                }
            }
            let weights = rows(n).into_iter().rev().collect::<Vec<_>>();
            let mut gradient = weights.clone();
            softmax_gradient(level, n, &y, Target::Own(&mut gradient));
            for (g, expected) in
                gradient.iter().zip(differences(&x, &weights, |x| drop(softmax(level, n, Target::Own(x)))))
            {
                assert!((g - expected).abs() < 1e-3, "{n} {}: {g}, expected {expected}", level.name());
            }
        }
    }
}
