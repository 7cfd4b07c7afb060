//! Rows made alike: LayerNorm and softmax over the last axis, and their gradients.

mod norm;
mod softmax;
mod sums;

pub use norm::LayerNorm;
pub(crate) use softmax::largest;
pub use softmax::{softmax, softmax_gradient};
pub use sums::column_sums;

use crate::simd::Simd;

/// Numbers of one task: whole rows that stay in the first-level cache, or one.
fn block(n: usize) -> usize {
    const BLOCK: usize = 1 << 12;
    (BLOCK / n).max(1) * n
}

/// Sums of every sixteenth number of a row, however long vectors are: so the bits of the whole do not depend on that.
struct Total<S: Simd>([S::F; 4]);

/// Numbers that the sums of a [`Total`] are apart.
const APART: usize = 16;

impl<S: Simd> Total<S> {
    /// Vectors of sums.
    const PARTS: usize = APART / S::LANES;

    #[inline(always)]
    fn new(simd: S) -> Self {
        Self([simd.splat(0.0); 4])
    }

    /// Adds the `part`-th vector of sixteen numbers.
    #[inline(always)]
    fn add(&mut self, simd: S, part: usize, x: S::F) {
        self.0[part] = simd.add(self.0[part], x);
    }

    /// Adds `x y`.
    #[inline(always)]
    fn fma(&mut self, simd: S, part: usize, x: S::F, y: S::F) {
        self.0[part] = simd.fma(x, y, self.0[part]);
    }

    /// The sum of all sums, in their order.
    #[inline(always)]
    fn sum(&self, simd: S) -> f32 {
        let mut lanes = [0.0; APART];
        for part in 0..Self::PARTS {
            // SAFETY: the vectors are sixteen numbers together.
            unsafe { simd.store(lanes.as_mut_ptr().add(part * S::LANES), self.0[part]) };
        }
        let mut sum = 0.0;
        for lane in lanes {
            sum += lane;
        }
        sum
    }
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
    use super::*;
    use crate::output::Target;
    use crate::simd::Level;

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

    #[test]
    fn wide_and_narrow_vectors_give_the_same_bits() {
        // Those without a fused multiplication and addition round twice.
        let levels = Level::all().into_iter().filter(|level| level.name() != "portable");
        for n in [1, 5, 16, 23, 50, 197] {
            let (x, dy) = (rows(n), rows(n).into_iter().rev().collect::<Vec<_>>());
            let (scale, shift) = (vec![1.5; n], vec![-0.25; n]);
            let norm = LayerNorm { scale: &scale, shift: &shift, epsilon: 1e-5 };
            let results = levels.clone().map(|level| {
                let y = softmax(level, n, Target::Shared(&x)).unwrap();
                [
                    softmax_gradient(level, n, &y, Target::Shared(&dy)).unwrap().to_vec(),
                    y.to_vec(),
                    norm.apply(level, Target::Shared(&x)).unwrap().to_vec(),
                    norm.gradient(level, &x, Target::Shared(&dy)).unwrap().to_vec(),
                ]
            });
            assert!(results.collect::<Vec<_>>().windows(2).all(|pair| pair[0] == pair[1]), "{n}");
        }
    }
}
