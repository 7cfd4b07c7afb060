//! 2-D convolution and the gradients of its input and its weights.

mod dense;
mod geometry;
mod gradient;
mod pass;
mod picture;
#[cfg(test)]
mod tests;
mod weight_gradient;
mod weights;

use crate::blocked::Depthwise;
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
pub struct Conv2d(Kind);

enum Kind {
    Dense(Dense),
    Depthwise(Depthwise),
}

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
        Self(if geometry.depthwise() {
            Kind::Depthwise(Depthwise::new(level, geometry, (*weight).as_ref(), bias))
        } else {
            Kind::Dense(Dense::new(level, geometry, weight, bias))
        })
    }

    /// The shape.
    pub fn geometry(&self) -> &Geometry {
        match &self.0 {
            Kind::Dense(conv) => conv.geometry(),
            Kind::Depthwise(conv) => conv.geometry(),
        }
    }

    /// How the input lies in memory; its gradient is written so as well. The output is blocked.
    pub fn reads(&self) -> Layout {
        match &self.0 {
            Kind::Dense(conv) => conv.reads(),
            Kind::Depthwise(_) => Layout::Blocked,
        }
    }

    /// Convolves images of height and width `size`.
    ///
    /// # Panics
    /// If the numbers do not fit the size.
    pub fn forward(&self, x: &[f32], size: [usize; 2], epilogue: Epilogue<'_>) -> Buffer {
        match &self.0 {
            Kind::Dense(conv) => conv.forward(x, size, epilogue),
            Kind::Depthwise(conv) => conv.forward(x, size, epilogue),
        }
    }

    /// The gradient of images of height and width `size` from that of the output.
    ///
    /// # Panics
    /// If the numbers do not fit the size.
    pub fn input_gradient(&self, gradient: Masked<'_>, size: [usize; 2]) -> Buffer {
        match &self.0 {
            Kind::Dense(conv) => conv.input_gradient(gradient, size),
            Kind::Depthwise(conv) => conv.input_gradient(gradient, size),
        }
    }

    /// Whether there is a kernel for the gradient of the weights: where outputs see all inputs, or one.
    pub fn has_weight_gradient(&self) -> bool {
        self.geometry().groups == 1 || self.geometry().depthwise()
    }

    /// The gradient of the weights, in their order, from images of height and width `size` and the gradient of the output. Its bits do
    /// not depend on the number of threads.
    ///
    /// # Panics
    /// If the numbers do not fit the size, or there is [none](Self::has_weight_gradient).
    pub fn weight_gradient(&self, x: &[f32], gradient: &[f32], size: [usize; 2]) -> Buffer {
        match &self.0 {
            Kind::Dense(conv) => {
                assert!(self.has_weight_gradient());
                conv.weight_gradient(x, gradient, size)
            }
            Kind::Depthwise(conv) => conv.weight_gradient(x, gradient, size),
        }
    }
}
