//! Functions of single numbers and their slopes.

mod functions;

use crate::buffer::Buffer;
use crate::output::Target;
use crate::simd::{Level, Simd, Work};
use functions::{Affine, Clip, Gelu, HardSigmoid, HardSwish, LeakyRelu, Pointwise, Sigmoid, Silu};

/// Numbers of one task: they stay in the first-level cache.
const BLOCK: usize = 1 << 12;

/// A function of single numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// Numbers below the first bound become it, those above the second become that; there the slope is zero.
    Clip([f32; 2]),
    /// `x`, or `slope x` below zero.
    LeakyRelu(f32),
    /// `x` times the normal distribution's integral up to `x`.
    Gelu,
    /// `x / (1 + e^-x)`.
    Silu,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `scale x + shift`.
    Affine([f32; 2]),
    /// `scale x + shift`, clipped to 0 and 1.
    HardSigmoid([f32; 2]),
    /// `x (x + 3) / 6`, or 0 below -3, or `x` above 3.
    HardSwish,
}

/// Evaluates an expression with a function's own type.
macro_rules! with {
    ($function:expr, $f:ident => $body:expr) => {
        match $function {
            Function::Clip(bounds) => with!(Clip(bounds), $f, $body),
            Function::LeakyRelu(slope) => with!(LeakyRelu(slope), $f, $body),
            Function::Gelu => with!(Gelu, $f, $body),
            Function::Silu => with!(Silu, $f, $body),
            Function::Sigmoid => with!(Sigmoid, $f, $body),
            Function::Affine(line) => with!(Affine(line), $f, $body),
            Function::HardSigmoid(line) => with!(HardSigmoid(line), $f, $body),
            Function::HardSwish => with!(HardSwish, $f, $body),
        }
    };
    ($value:expr, $f:ident, $body:expr) => {{
        let $f = $value;
        $body
    }};
}

impl Function {
    /// The values of numbers.
    pub fn apply(self, level: Level, x: Target<'_>) -> Option<Buffer> {
        x.change(BLOCK, |_, x| with!(self, f => level.run(Apply { f, x })))
    }

    /// Changes the first `count` numbers of rows that lie `stride` apart.
    ///
    /// # Safety
    /// They can be read and written, and nobody else does so.
    pub(crate) unsafe fn change(self, level: Level, start: *mut f32, [rows, count, stride]: [usize; 3]) {
        for row in 0..rows {
            // SAFETY: the caller's.
            let x = unsafe { std::slice::from_raw_parts_mut(start.wrapping_add(row * stride), count) };
            with!(self, f => level.run(Apply { f, x }));
        }
    }

    /// Numbers times the slopes at `x`.
    ///
    /// # Panics
    /// If there are not as many of them.
    pub fn gradient(self, level: Level, x: &[f32], gradient: Target<'_>) -> Option<Buffer> {
        assert_eq!(x.len(), gradient.len());
        gradient.change(BLOCK, |start, gradient| {
            let x = &x[start..start + gradient.len()];
            with!(self, f => level.run(Slope { f, x, gradient }));
        })
    }
}

struct Apply<'a, P> {
    f: P,
    x: &'a mut [f32],
}

impl<P: Pointwise> Work for Apply<'_, P> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for x in self.x.chunks_mut(S::LANES) {
            let mask = simd.first(x.len());
            // SAFETY: the chunk has that many numbers.
            unsafe {
                let y = self.f.value(simd, simd.load_some(x.as_ptr(), mask));
                simd.store_some(x.as_mut_ptr(), mask, y);
            }
        }
    }
}

struct Slope<'a, P> {
    f: P,
    x: &'a [f32],
    gradient: &'a mut [f32],
}

impl<P: Pointwise> Work for Slope<'_, P> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (x, gradient) in self.x.chunks(S::LANES).zip(self.gradient.chunks_mut(S::LANES)) {
            let mask = simd.first(x.len());
            // SAFETY: the chunks have that many numbers.
            unsafe {
                let g = simd.load_some(gradient.as_ptr(), mask);
                let g = self.f.slope(simd, simd.load_some(x.as_ptr(), mask), g);
                simd.store_some(gradient.as_mut_ptr(), mask, g);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Function; 10] = [
        Function::Clip([0.0, f32::INFINITY]),
        Function::Clip([0.0, 6.0]),
        Function::LeakyRelu(0.1),
        Function::Gelu,
        Function::Silu,
        Function::Sigmoid,
        Function::Affine([0.5, -2.0]),
        Function::HardSigmoid([1.0 / 6.0, 0.5]),
        Function::HardSigmoid([0.2, 0.5]),
        Function::HardSwish,
    ];

    fn values(level: Level, f: Function, x: &[f32]) -> Vec<f32> {
        let mut y = x.to_vec();
        assert!(f.apply(level, Target::Own(&mut y)).is_none());
        assert_eq!(f.apply(level, Target::Shared(x)).as_deref(), Some(&y[..]));
        y
    }

    #[test]
    fn known_values() {
        let x = [-4.0, -1.0, 0.0, 1.0, 7.0];
        for level in Level::all() {
            let check = |f: Function, expected: [f32; 5]| {
                for (y, expected) in values(level, f, &x).iter().zip(expected) {
                    assert!((y - expected).abs() < 2e-6, "{f:?} {}: {y}, expected {expected}", level.name());
                }
            };
            check(Function::Clip([0.0, 6.0]), [0.0, 0.0, 0.0, 1.0, 6.0]);
            check(Function::LeakyRelu(0.1), [-0.4, -0.1, 0.0, 1.0, 7.0]);
            check(Function::Gelu, [-1.266_849_7e-4, -0.158_655_25, 0.0, 0.841_344_7, 7.0]);
            check(Function::Silu, [-0.071_944_84, -0.268_941_43, 0.0, 0.731_058_6, 6.993_623]);
            check(Function::Sigmoid, [0.017_986_21, 0.268_941_43, 0.5, 0.731_058_6, 0.999_088_94]);
            check(Function::HardSwish, [0.0, -1.0 / 3.0, 0.0, 2.0 / 3.0, 7.0]);
        }
    }

    #[test]
    fn slopes_are_those_of_the_values() {
        // None of these is a corner.
        let x: Vec<f32> = (0..67).map(|i| (i as f32 - 33.0) * 0.19 + 0.1).collect();
        for (f, level) in ALL.iter().flat_map(|f| Level::all().into_iter().map(move |level| (*f, level))) {
            let shifted = |by: f32| values(level, f, &x.iter().map(|x| x + by).collect::<Vec<_>>());
            let (above, below) = (shifted(0.005), shifted(-0.005));
            let mut slopes = vec![2.0; x.len()];
            f.gradient(level, &x, Target::Own(&mut slopes));
            for (i, slope) in slopes.iter().enumerate() {
                let expected = 2.0 * (above[i] - below[i]) / 0.01;
                assert!((slope - expected).abs() < 1e-3, "{f:?} at {}: {slope}, expected {expected}", x[i]);
            }
        }
    }

    #[test]
    fn clipped_numbers_have_no_slope() {
        let x = [f32::NEG_INFINITY, -0.0, 0.0, f32::MIN_POSITIVE, 5.999_999_5, 6.0, f32::INFINITY];
        for level in Level::all() {
            let clip = Function::Clip([0.0, 6.0]);
            let slopes = clip.gradient(level, &x, Target::Shared(&[1.0; 7])).unwrap();
            assert_eq!(*slopes, [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0], "{}", level.name());
            let slope = clip.gradient(level, &[f32::NAN], Target::Shared(&[1.0]));
            assert_eq!(slope.as_deref(), Some(&[1.0][..]));
        }
    }
}
