//! LayerNorm.

use super::sums::sums;
use super::{APART, Total, block, load};
use crate::buffer::Buffer;
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
    pub fn apply(&self, level: Level, x: Target<'_>) -> Option<Buffer> {
        let n = self.scale.len();
        assert_eq!([x.len() % n, self.shift.len()], [0, n]);
        x.change(block(n), |_, rows| level.run(Norm { norm: *self, rows }))
    }

    /// The gradient of the rows `x` from that of the values.
    ///
    /// # Panics
    /// If the numbers are not whole rows.
    pub fn gradient(&self, level: Level, x: &[f32], gradient: Target<'_>) -> Option<Buffer> {
        let n = self.scale.len();
        assert_eq!([x.len() % n, gradient.len()], [0, x.len()]);
        gradient.change(block(n), |start, gradient| {
            let x = &x[start..start + gradient.len()];
            level.run(NormGradient { norm: *self, x, gradient });
        })
    }

    /// The gradients of the scale and the shift from that of the values: sums over all rows. Threads do not matter.
    ///
    /// # Panics
    /// If the numbers are not whole rows, or not as many.
    pub fn parameter_gradients(&self, level: Level, x: &[f32], gradient: &[f32]) -> [Vec<f32>; 2] {
        let n = self.scale.len();
        assert_eq!([x.len() % n, gradient.len()], [0, x.len()]);
        let mut scale = sums(x.len() / n, 2 * n, |rows, sums| {
            let rows = rows.start * n..rows.end * n;
            let (x, gradient) = (&x[rows.clone()], &gradient[rows]);
            level.run(ParameterGradients { x, gradient, epsilon: self.epsilon, sums });
        });
        let shift = scale.split_off(n);
        [scale, shift]
    }
}

/// The mean of a row, and one over the root of its variance plus epsilon.
#[inline(always)]
fn moments<S: Simd>(simd: S, row: &[f32], epsilon: f32) -> (f32, f32) {
    let (mut total, mut squares) = (Total::new(simd), Total::new(simd));
    for start in (0..row.len()).step_by(APART) {
        for part in 0..Total::<S>::PARTS {
            let at = start + part * S::LANES;
            if at >= row.len() {
                break;
            }
            // SAFETY: `at` is a place of the row.
            total.add(simd, part, unsafe { load(simd, row, at) }.0);
        }
    }
    let mean = total.sum(simd) / row.len() as f32;
    let means = [mean; 16];
    for start in (0..row.len()).step_by(APART) {
        for part in 0..Total::<S>::PARTS {
            let at = start + part * S::LANES;
            if at >= row.len() {
                break;
            }
            // SAFETY: likewise, and no vector is longer than the means.
            let away = unsafe {
                let (x, mask) = load(simd, row, at);
                simd.sub(x, simd.load_some(means.as_ptr(), mask))
            };
            squares.fma(simd, part, away, away);
        }
    }
    let squares = squares.sum(simd);
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

/// Adds the gradients of a scale, and behind them those of a shift.
struct ParameterGradients<'a> {
    x: &'a [f32],
    gradient: &'a [f32],
    epsilon: f32,
    sums: &'a mut [f32],
}

impl Work for ParameterGradients<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let n = self.sums.len() / 2;
        let (scales, shifts) = self.sums.split_at_mut(n);
        for (x, gradient) in self.x.chunks(n).zip(self.gradient.chunks(n)) {
            let (mean, inverse) = moments(simd, x, self.epsilon);
            for at in (0..n).step_by(S::LANES) {
                // SAFETY: `at` is a place of each row, and of the sums, which are as long.
                unsafe {
                    let ((x, mask), (g, _)) = (load(simd, x, at), load(simd, gradient, at));
                    let even = simd.mul(simd.sub(x, simd.splat(mean)), simd.splat(inverse));
                    let scale = simd.fma(g, even, load(simd, scales, at).0);
                    simd.store_some(scales.as_mut_ptr().add(at), mask, scale);
                    let shift = simd.add(g, load(simd, shifts, at).0);
                    simd.store_some(shifts.as_mut_ptr().add(at), mask, shift);
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
            let (mut total, mut product) = (Total::new(simd), Total::new(simd));
            for start in (0..n).step_by(APART) {
                for part in 0..Total::<S>::PARTS {
                    let at = start + part * S::LANES;
                    if at >= n {
                        break;
                    }
                    // SAFETY: `at` is a place of each row.
                    let [g, scale, x] =
                        unsafe { [load(simd, gradient, at).0, load(simd, scale, at).0, load(simd, x, at).0] };
                    let even = simd.mul(simd.sub(x, simd.splat(mean)), simd.splat(inverse));
                    let g = simd.mul(g, scale);
                    total.add(simd, part, g);
                    product.fma(simd, part, g, even);
                }
            }
            let total = simd.splat(total.sum(simd) / n as f32);
            let product = simd.splat(product.sum(simd) / n as f32);
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

#[cfg(test)]
mod tests {
    use super::super::tests::{differences, rows};
    use super::*;

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

    #[test]
    fn scale_and_shift_have_the_gradients_of_the_definition() {
        for (n, level) in [5, 16, 50].into_iter().flat_map(|n| Level::all().into_iter().map(move |l| (n, l)))
        {
            let (x, scale) = (rows(n), vec![1.5; n]);
            let dy: Vec<f32> = rows(n).into_iter().rev().collect();
            let norm = LayerNorm { scale: &scale, shift: &scale, epsilon: 1e-5 };
            // The values of a scale of one and no shift.
            let mut even = x.clone();
            let (ones, zeros) = (vec![1.0; n], vec![0.0; n]);
            LayerNorm { scale: &ones, shift: &zeros, epsilon: 1e-5 }.apply(level, Target::Own(&mut even));
            let [scales, shifts] = norm.parameter_gradients(level, &x, &dy);
            for i in 0..n {
                let sum = |of: &dyn Fn(usize) -> f32| (i..x.len()).step_by(n).map(of).sum::<f32>();
                assert!((scales[i] - sum(&|at| dy[at] * even[at])).abs() < 1e-5);
                assert!((shifts[i] - sum(&|at| dy[at])).abs() < 1e-5);
            }
        }
    }
}
