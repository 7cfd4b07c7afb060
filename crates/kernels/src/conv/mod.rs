//! 2-D convolution and the gradient of its input.

mod dense;
mod geometry;
mod gradient;
mod pass;
mod picture;
#[cfg(test)]
mod tests;
mod weights;

use crate::buffer::Buffer;
use crate::simd::Level;
use crate::source::Masked;
use crate::{Epilogue, Numbers};
use dense::Dense;
pub use geometry::Geometry;

/// How maps lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[image][channel][row][column]`.
    Plain,
    /// As [`crate::Maps`] has them.
    Blocked,
}

/// A convolution with its weights packed.
pub struct Conv2d(Dense);

impl Conv2d {
    /// Packs a kernel `(outputs, inputs / groups, rows, columns)` in row-major order.
    ///
    /// # Panics
    /// If the numbers of weights or biases do not fit the geometry.
    pub fn new(level: Level, geometry: Geometry, weight: Numbers, bias: Option<&[f32]>) -> Self {
        let [inputs, outputs] = geometry.group();
        assert_eq!(
            [inputs * geometry.groups, outputs * geometry.groups],
            [geometry.inputs, geometry.outputs]
        );
        assert_eq!((*weight).as_ref().len(), geometry.outputs * inputs * geometry.taps());
        assert!(bias.is_none_or(|bias| bias.len() == geometry.outputs));
        Self(Dense::new(level, geometry, weight, bias))
    }

    /// The shape.
    pub fn geometry(&self) -> &Geometry {
        &self.0.geometry
    }

    /// How the input lies in memory; its gradient is written so as well. The output is blocked.
    pub fn reads(&self) -> Layout {
        self.0.reads()
    }

    /// Convolves images of height and width `size`.
    ///
    /// # Panics
    /// If the numbers do not fit the size.
    pub fn forward(&self, x: &[f32], size: [usize; 2], epilogue: Epilogue<'_>) -> Buffer {
        self.0.forward(x, size, epilogue)
    }

    /// The gradient of images of height and width `size` from that of the output.
    ///
    /// # Panics
    /// If the numbers do not fit the size.
    pub fn input_gradient(&self, gradient: Masked<'_>, size: [usize; 2]) -> Buffer {
        self.0.input_gradient(gradient, size)
    }
}
