//! The functions as types.

use crate::math;
use crate::simd::Simd;

/// A function as a type, so that it is compiled into the loop.
pub(super) trait Pointwise: Copy {
    fn value<S: Simd>(self, simd: S, x: S::F) -> S::F;
    /// `g` times the slope at `x`.
    fn slope<S: Simd>(self, simd: S, x: S::F, g: S::F) -> S::F;
}

#[derive(Clone, Copy)]
pub(super) struct Clip(pub(super) [f32; 2]);

impl Pointwise for Clip {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, x: S::F) -> S::F {
        simd.min(simd.splat(self.0[1]), simd.max(simd.splat(self.0[0]), x))
    }
    /// What is not a number has a slope.
    #[inline(always)]
    fn slope<S: Simd>(self, simd: S, x: S::F, g: S::F) -> S::F {
        let zero = simd.splat(0.0);
        let (low, high) = (self.0[0].next_up(), self.0[1].next_down());
        let g = simd.greater(simd.splat(low), x, zero, g);
        simd.greater(x, simd.splat(high), zero, g)
    }
}

#[derive(Clone, Copy)]
pub(super) struct LeakyRelu(pub(super) f32);

impl Pointwise for LeakyRelu {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, x: S::F) -> S::F {
        self.slope(simd, x, x)
    }
    #[inline(always)]
    fn slope<S: Simd>(self, simd: S, x: S::F, g: S::F) -> S::F {
        simd.greater(x, simd.splat(0.0), g, simd.mul(simd.splat(self.0), g))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Gelu;

impl Pointwise for Gelu {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, x: S::F) -> S::F {
        simd.mul(x, math::normal(simd, x).1)
    }
    #[inline(always)]
    fn slope<S: Simd>(self, simd: S, x: S::F, g: S::F) -> S::F {
        let (density, below) = math::normal(simd, x);
        simd.mul(g, simd.fma(x, density, below))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Silu;

impl Pointwise for Silu {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, x: S::F) -> S::F {
        simd.mul(x, math::sigmoid(simd, x))
    }
    #[inline(always)]
    fn slope<S: Simd>(self, simd: S, x: S::F, g: S::F) -> S::F {
        let y = math::sigmoid(simd, x);
        let rest = simd.mul(x, simd.sub(simd.splat(1.0), y));
        simd.mul(g, simd.fma(y, rest, y))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Sigmoid;

impl Pointwise for Sigmoid {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, x: S::F) -> S::F {
        math::sigmoid(simd, x)
    }
    #[inline(always)]
    fn slope<S: Simd>(self, simd: S, x: S::F, g: S::F) -> S::F {
        let y = math::sigmoid(simd, x);
        simd.mul(g, simd.mul(y, simd.sub(simd.splat(1.0), y)))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Affine(pub(super) [f32; 2]);

impl Pointwise for Affine {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, x: S::F) -> S::F {
        simd.fma(simd.splat(self.0[0]), x, simd.splat(self.0[1]))
    }
    #[inline(always)]
    fn slope<S: Simd>(self, simd: S, _: S::F, g: S::F) -> S::F {
        simd.mul(simd.splat(self.0[0]), g)
    }
}

#[derive(Clone, Copy)]
pub(super) struct HardSigmoid(pub(super) [f32; 2]);

impl Pointwise for HardSigmoid {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, x: S::F) -> S::F {
        Clip([0.0, 1.0]).value(simd, Affine(self.0).value(simd, x))
    }
    #[inline(always)]
    fn slope<S: Simd>(self, simd: S, x: S::F, g: S::F) -> S::F {
        let g = Affine(self.0).slope(simd, x, g);
        Clip([0.0, 1.0]).slope(simd, Affine(self.0).value(simd, x), g)
    }
}

#[derive(Clone, Copy)]
pub(super) struct HardSwish;

impl Pointwise for HardSwish {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, x: S::F) -> S::F {
        simd.mul(x, HardSigmoid([1.0 / 6.0, 0.5]).value(simd, x))
    }
    #[inline(always)]
    fn slope<S: Simd>(self, simd: S, x: S::F, g: S::F) -> S::F {
        let (zero, three) = (simd.splat(0.0), simd.splat(3.0));
        let inside = simd.mul(g, simd.fma(x, simd.splat(1.0 / 3.0), simd.splat(0.5)));
        let below = simd.greater(simd.sub(zero, three), x, zero, inside);
        simd.greater(x, three, g, below)
    }
}
