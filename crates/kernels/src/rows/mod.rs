//! Rows made alike: LayerNorm and softmax over the last axis, and the gradients of their inputs.

mod norm;
mod softmax;

pub use norm::LayerNorm;
pub(crate) use softmax::largest;
pub use softmax::{softmax, softmax_gradient};

use crate::simd::Simd;

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

#[cfg(test)]
mod tests {
    pub(super) fn rows(n: usize) -> Vec<f32> {
        (0..3 * n).map(|i| ((i * 37) % 23) as f32 / 7.0 - 1.0).collect()
    }

    /// The gradient of `sum(weights * f(x))` by differences.
    pub(super) fn differences(x: &[f32], weights: &[f32], f: impl Fn(&mut [f32])) -> Vec<f32> {
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
}
