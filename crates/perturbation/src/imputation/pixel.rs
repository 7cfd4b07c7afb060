//! The values of one pixel in all channels, up to four: one register of the processor.

// A release is built without link-time optimisation, where a hint alone leaves these functions calls: a third of the time.
#![allow(clippy::inline_always)]

use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

/// Channels; those that an image lacks are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pixel(pub(super) [f32; Pixel::CHANNELS]);

impl Pixel {
    pub(super) const CHANNELS: usize = 4;

    /// Channel by channel; written out, or the compiler makes a call of each.
    #[inline(always)]
    pub(super) fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let ([a, b, c, d], [e, g, h, i]) = (self.0, other.0);
        Self([f(a, e), f(b, g), f(c, h), f(d, i)])
    }

    /// The greatest magnitude of its channels.
    #[inline(always)]
    pub(super) fn magnitude(self) -> f32 {
        self.0.iter().fold(0.0, |greatest, value| value.abs().max(greatest))
    }
}

impl Add for Pixel {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl Sub for Pixel {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl Mul for Pixel {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

impl Mul<f32> for Pixel {
    type Output = Self;

    #[inline(always)]
    fn mul(self, factor: f32) -> Self {
        self * Self([factor; Self::CHANNELS])
    }
}

impl AddAssign for Pixel {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Pixel {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
