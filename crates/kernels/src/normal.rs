//! Rows made alike: LayerNorm and softmax over the last axis, and the gradients of their inputs.

use crate::math;
use crate::output::Target;
use crate::simd::{Level, Simd, Work};

/// LayerNorm: `(x - mean) / sqrt(variance + epsilon) * scale + shift` over rows as long as the scale.
#[derive(Clone, Copy, Debug)]
pub struct LayerNorm<'a> {
    /// One factor for each place of a row.
    pub scale: &'a [f32],
    /// One summand for each place of a row.
    pub shift: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

impl LayerNorm<'_> {
    /// The values of rows.
    ///
    /// # Panics
    /// If the numbers are not whole rows.
    pub fn apply(&self, level: Level, x: Target<'_>) -> Option<Vec<f32>> {
        let n = self.scale.len();
        assert_eq!([x.len() % n, self.shift.len()], [0, n]);
        x.change(block(n), |_, rows| level.run(Norm { norm: *self, rows }))
    }

    /// The gradient of the rows `x` from that of the values.
    ///
    /// # Panics
    /// If the numbers are not whole rows.
    pub fn gradient(&self, level: Level, x: &[f32], gradient: Target<'_>) -> Option<Vec<f32>> {
        let n = self.scale.len();
        assert_eq!([x.len() % n, gradient.len()], [0, x.len()]);
        gradient.change(block(n), |start, gradient| {
            let x = &x[start..start + gradient.len()];
            level.run(NormGradient { norm: *self, x, gradient });
        })
    }
}

/// Exponentials of rows of `n` numbers over their sum.
///
/// # Panics
/// If the numbers are not whole rows.
pub fn softmax(level: Level, n: usize, x: Target<'_>) -> Option<Vec<f32>> {
    assert_eq!(x.len() % n, 0);
    x.change(block(n), |_, x| level.run(Softmax { n, scale: 1.0, x }))
}

/// The gradient of what softmax values `y` were made of from that of the values.
///
/// # Panics
/// If the numbers are not whole rows.
pub fn softmax_gradient(level: Level, n: usize, y: &[f32], gradient: Target<'_>) -> Option<Vec<f32>> {
    assert_eq!([y.len() % n, gradient.len()], [0, y.len()]);
    gradient.change(block(n), |start, gradient| {
        let y = &y[start..start + gradient.len()];
        level.run(SoftmaxGradient { n, scale: 1.0, y, gradient });
    })
}

/// Numbers of one task: whole rows that stay in the first-level cache, or one.
fn block(n: usize) -> usize {
    const BLOCK: usize = 1 << 12;
    (BLOCK / n).max(1) * n
}

/// The sum of the lanes, in their order.
#[inline(always)]
fn sum<S: Simd>(simd: S, x: S::F) -> f32 {
    let mut lanes = [0.0; 16];
    // SAFETY: no vector is longer.
    unsafe { simd.store(lanes.as_mut_ptr(), x) };
    let mut sum = 0.0;
    for lane in lanes.iter().take(S::LANES) {
        sum += lane;
    }
    sum
}

/// The largest number of a row.
#[inline(always)]
fn largest<S: Simd>(simd: S, row: &[f32]) -> f32 {
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

/// A row's vector from place `at`, and its lanes.
///
/// # Safety
/// `at` lies inside of the row.
#[inline(always)]
unsafe fn load<S: Simd>(simd: S, row: &[f32], at: usize) -> (S::F, S::M) {
    let mask = simd.first((row.len() - at).min(S::LANES));
    // SAFETY: the row has the lanes of the mask.
    (unsafe { simd.load_some(row.as_ptr().add(at), mask) }, mask)
}

/// The mean of a row, and one over the root of its variance plus epsilon.
#[inline(always)]
fn moments<S: Simd>(simd: S, row: &[f32], epsilon: f32) -> (f32, f32) {
    let (mut total, mut squares) = (simd.splat(0.0), simd.splat(0.0));
    for at in (0..row.len()).step_by(S::LANES) {
        // SAFETY: `at` is a place of the row.
        total = simd.add(total, unsafe { load(simd, row, at) }.0);
    }
    let mean = sum(simd, total) / row.len() as f32;
    let means = [mean; 16];
    for at in (0..row.len()).step_by(S::LANES) {
        // SAFETY: likewise, and no vector is longer than the means.
        let away = unsafe {
            let (x, mask) = load(simd, row, at);
            simd.sub(x, simd.load_some(means.as_ptr(), mask))
        };
        squares = simd.fma(away, away, squares);
    }
    let squares = sum(simd, squares);
    (mean, 1.0 / (squares / row.len() as f32 + epsilon).sqrt())
}

struct Norm<'a> {
    norm: LayerNorm<'a>,
    rows: &'a mut [f32],
}

impl Work for Norm<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let LayerNorm { scale, shift, epsilon } = self.norm;
        for row in self.rows.chunks_mut(scale.len()) {
            let (mean, inverse) = moments(simd, row, epsilon);
            for at in (0..row.len()).step_by(S::LANES) {
                // SAFETY: `at` is a place of the row, and of the scale and the shift, which are as long.
                unsafe {
                    let (x, mask) = load(simd, row, at);
                    let even = simd.mul(simd.sub(x, simd.splat(mean)), simd.splat(inverse));
                    let y = simd.fma(even, load(simd, scale, at).0, load(simd, shift, at).0);
                    simd.store_some(row.as_mut_ptr().add(at), mask, y);
                }
            }
        }
    }
}

struct NormGradient<'a> {
    norm: LayerNorm<'a>,
    x: &'a [f32],
    gradient: &'a mut [f32],
}

impl Work for NormGradient<'_> {
    type Output = ();
    /// With `e` the even row and `g` the gradient times the scale: `(g - mean(g) - e mean(g e)) / deviation`.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let LayerNorm { scale, epsilon, .. } = self.norm;
        let n = scale.len();
        for (x, gradient) in self.x.chunks(n).zip(self.gradient.chunks_mut(n)) {
            let (mean, inverse) = moments(simd, x, epsilon);
            let (mut total, mut product) = (simd.splat(0.0), simd.splat(0.0));
            for at in (0..n).step_by(S::LANES) {
                // SAFETY: `at` is a place of each row.
                unsafe {
                    let g = simd.mul(load(simd, gradient, at).0, load(simd, scale, at).0);
                    let even = simd.mul(simd.sub(load(simd, x, at).0, simd.splat(mean)), simd.splat(inverse));
                    total = simd.add(total, g);
                    product = simd.fma(g, even, product);
                }
            }
            let total = simd.splat(sum(simd, total) / n as f32);
            let product = simd.splat(sum(simd, product) / n as f32);
            for at in (0..n).step_by(S::LANES) {
                // SAFETY: likewise.
                unsafe {
                    let (g, mask) = load(simd, gradient, at);
                    let g = simd.mul(g, load(simd, scale, at).0);
                    let even = simd.mul(simd.sub(load(simd, x, at).0, simd.splat(mean)), simd.splat(inverse));
                    let rest = simd.sub(simd.sub(g, total), simd.mul(even, product));
                    simd.store_some(gradient.as_mut_ptr().add(at), mask, simd.mul(rest, simd.splat(inverse)));
                }
            }
        }
    }
}

/// Softmax of `scale x` in rows of `n`.
pub(crate) struct Softmax<'a> {
    pub(crate) n: usize,
    pub(crate) scale: f32,
    pub(crate) x: &'a mut [f32],
}

impl Work for Softmax<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let scale = simd.splat(self.scale);
        for row in self.x.chunks_mut(self.n) {
            let most = simd.splat(largest(simd, row));
            let mut total = simd.splat(0.0);
            for at in (0..row.len()).step_by(S::LANES) {
                // SAFETY: `at` is a place of the row, whose lanes the mask covers.
                unsafe {
                    let (x, mask) = load(simd, row, at);
                    let to = row.as_mut_ptr().add(at);
                    simd.store_some(to, mask, math::exp(simd, simd.mul(simd.sub(x, most), scale)));
                    // Read again, for zeros in the lanes behind the row.
                    total = simd.add(total, simd.load_some(to, mask));
                }
            }
            let inverse = simd.splat(1.0 / sum(simd, total));
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

/// `scale y (g - sum(g y))` in rows of `n`.
pub(crate) struct SoftmaxGradient<'a> {
    pub(crate) n: usize,
    pub(crate) scale: f32,
    pub(crate) y: &'a [f32],
    pub(crate) gradient: &'a mut [f32],
}

impl Work for SoftmaxGradient<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (y, gradient) in self.y.chunks(self.n).zip(self.gradient.chunks_mut(self.n)) {
            let mut total = simd.splat(0.0);
            for at in (0..self.n).step_by(S::LANES) {
                // SAFETY: `at` is a place of each row.
                total = unsafe { simd.fma(load(simd, y, at).0, load(simd, gradient, at).0, total) };
            }
            let total = simd.splat(sum(simd, total));
            for at in (0..self.n).step_by(S::LANES) {
                // SAFETY: likewise.
                unsafe {
                    let (g, mask) = load(simd, gradient, at);
                    let y = simd.mul(simd.splat(self.scale), load(simd, y, at).0);
                    simd.store_some(gradient.as_mut_ptr().add(at), mask, simd.mul(y, simd.sub(g, total)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> Vec<f32> {
        (0..3 * n).map(|i| ((i * 37) % 23) as f32 / 7.0 - 1.0).collect()
    }

    /// The gradient of `sum(weights * f(x))` by differences.
    fn differences(x: &[f32], weights: &[f32], f: impl Fn(&mut [f32])) -> Vec<f32> {
        let value = |x: &[f32]| {
            let mut y = x.to_vec();
            f(&mut y);
            y.iter().zip(weights).map(|(y, w)| f64::from(*y) * f64::from(*w)).sum::<f64>()
        };
        let shifted = |i: usize, by: f32| {
            let mut x = x.to_vec();
            x[i] += by;
            value(&x)
        };
        (0..x.len()).map(|i| ((shifted(i, 0.01) - shifted(i, -0.01)) / 0.02) as f32).collect()
    }

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

    #[test]
    fn rows_of_a_layer_norm_are_even_and_have_their_gradients() {
        for (n, level) in [5, 16, 50].into_iter().flat_map(|n| Level::all().into_iter().map(move |l| (n, l)))
        {
            let (x, scale, shift) = (rows(n), vec![1.5; n], vec![-0.25; n]);
            let norm = LayerNorm { scale: &scale, shift: &shift, epsilon: 1e-5 };
            let mut y = x.clone();
            norm.apply(level, Target::Own(&mut y));
            for (y, x) in y.chunks(n).zip(x.chunks(n)) {
                let mean = x.iter().sum::<f32>() / n as f32;
                let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n as f32;
                for (y, x) in y.iter().zip(x) {
                    let expected = (x - mean) / (variance + 1e-5).sqrt() * 1.5 - 0.25;
                    assert!((y - expected).abs() < 1e-5, "{n} {}: {y}, expected {expected}", level.name());
                }
            }
            let weights = rows(n).into_iter().rev().collect::<Vec<_>>();
            let mut gradient = weights.clone();
            norm.gradient(level, &x, Target::Own(&mut gradient));
            for (g, expected) in
                gradient.iter().zip(differences(&x, &weights, |x| drop(norm.apply(level, Target::Own(x)))))
            {
                assert!((g - expected).abs() < 2e-3, "{n} {}: {g}, expected {expected}", level.name());
            }
        }
    }
}
