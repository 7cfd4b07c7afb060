//! The values of one pixel in all channels, up to four: one register of the processor.

use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

/// Channels; those that an image lacks are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pixel(pub(super) [f32; Pixel::CHANNELS]);

impl Pixel {
    pub(super) const CHANNELS: usize = 4;

    /// Channel by channel.
    pub(super) fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|c| f(self.0[c], other.0[c])))
    }

    /// The greatest magnitude of its channels.
    pub(super) fn magnitude(self) -> f32 {
        self.0.iter().fold(0.0, |greatest, value| value.abs().max(greatest))
    }
}

impl Add for Pixel {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl Sub for Pixel {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl Mul for Pixel {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

impl Mul<f32> for Pixel {
    type Output = Self;

    fn mul(self, factor: f32) -> Self {
        self * Self([factor; Self::CHANNELS])
    }
}

impl AddAssign for Pixel {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Pixel {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
