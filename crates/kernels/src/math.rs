//! Exponentials and what is made of them, on vectors. Polynomials were fitted by least squares, reweighted until the
//! largest relative error was as small as it gets.

use crate::simd::Simd;

/// `c[0] + c[1] x + ...`.
#[inline(always)]
pub(crate) fn polynomial<S: Simd, const N: usize>(simd: S, c: [f32; N], x: S::F) -> S::F {
    let mut sum = simd.splat(c[N - 1]);
    for i in (0..N - 1).rev() {
        sum = simd.fma(sum, x, simd.splat(c[i]));
    }
    sum
}

/// `e^x` to 2e-7; what would be 0 or infinite is the smallest or about the largest number.
#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: S::F) -> S::F {
    /// `(e^r - 1 - r) / r^2` for `|r| <= ln 2 / 2`.
    const REST: [f32; 5] = [0.499_999_94, 0.166_665_2, 0.041_668_393, 0.008_368_781, 0.001_381_446_7];
    /// `ln 2` in two parts, the first with few bits.
    const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = simd.min(simd.splat(88.0), simd.max(simd.splat(-87.0), x));
    let n = simd.round(simd.mul(x, simd.splat(std::f32::consts::LOG2_E)));
    let r = simd.fma(n, simd.splat(-LN2[0]), x);
    let r = simd.fma(n, simd.splat(-LN2[1]), r);
    let rest = simd.mul(simd.mul(r, r), polynomial(simd, REST, r));
    simd.scale(simd.add(simd.splat(1.0), simd.add(r, rest)), n)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(simd: S, x: S::F) -> S::F {
    let one = simd.splat(1.0);
    simd.div(one, simd.add(one, exp(simd, simd.sub(simd.splat(0.0), x))))
}

/// The normal distribution's density and its integral up to `x`.
#[inline(always)]
pub(crate) fn normal<S: Simd>(simd: S, x: S::F) -> (S::F, S::F) {
    /// `e^(t^2 / 2)` times the integral beyond `t >= 0`, in powers of `1 / (1 + 0.4 t)`.
    const TAIL: [f32; 9] = [
        -1.198_749_9e-5,
        0.159_904_18,
        0.155_786_62,
        0.158_416_58,
        -0.012_385_882,
        0.250_973_7,
        -0.373_683_57,
        0.200_601_37,
        -0.039_600_994,
    ];
    let (zero, one) = (simd.splat(0.0), simd.splat(1.0));
    let t = simd.max(simd.sub(zero, x), x);
    let e = exp(simd, simd.mul(simd.mul(simd.splat(-0.5), t), t));
    let u = simd.div(one, simd.fma(simd.splat(0.4), t, one));
    let beyond = simd.mul(e, polynomial(simd, TAIL, u));
    let below = simd.greater(x, zero, simd.sub(one, beyond), beyond);
    (simd.mul(e, simd.splat(0.398_942_3)), below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Level, Work};

    /// `e^x`, and the normal density and integral.
    struct All(f32);

    impl Work for All {
        type Output = [f32; 3];
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> [f32; 3] {
            let x = simd.splat(self.0);
            let (density, below) = normal(simd, x);
            let first = |x: S::F| {
                let mut lanes = [0.0; 16];
                // SAFETY: no vector is longer.
                unsafe { simd.store(lanes.as_mut_ptr(), x) };
                lanes[0]
            };
            [first(exp(simd, x)), first(density), first(below)]
        }
    }

    /// The integral by Simpson's rule, from far below.
    fn below(x: f64) -> f64 {
        let (from, steps) = (-12.0, 4000);
        let h = (x - from) / f64::from(steps);
        let density =
            |i: i32| (-(from + f64::from(i) * h).powi(2) / 2.0).exp() / std::f64::consts::TAU.sqrt();
        let weight = |i: i32| {
            if i == 0 || i == steps {
                1.0
            } else if i % 2 == 1 {
                4.0
            } else {
                2.0
            }
        };
        (0..=steps).map(|i| weight(i) * density(i)).sum::<f64>() * h / 3.0
    }

    #[test]
    fn functions_are_close_to_the_true_ones() {
        for level in Level::all() {
            for i in -80..=80 {
                let x = i as f32 / 10.0;
                let [e, density, integral] = level.run(All(x));
                let true_density = (-f64::from(x).powi(2) / 2.0).exp() / std::f64::consts::TAU.sqrt();
                for (got, expected) in
                    [(e, f64::from(x).exp()), (density, true_density), (integral, below(f64::from(x)))]
                {
                    let apart = (f64::from(got) / expected - 1.0).abs();
                    assert!(apart < 3e-6, "{} at {x}: {got}, expected {expected}", level.name());
                }
            }
            let [e, ..] = level.run(All(f32::NAN));
            assert!(e.is_nan());
            let [tiny, _, none] = level.run(All(f32::NEG_INFINITY));
            assert!(tiny < 1e-37 && none.abs() < 1e-37);
        }
    }
}
