//! 2-D convolution and the gradient of its input.

mod backward;
mod depthwise;
mod forward;
mod pass;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use crate::Numbers;
use crate::panels::Panels;
use crate::simd::Level;

/// The shape of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Groups of channels that do not see each other; inputs and outputs are split evenly.
    pub groups: usize,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Steps down and right.
    pub stride: [usize; 2],
    /// Zeros on both sides.
    pub padding: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
}

impl Geometry {
    /// Height and width of the output for an input of height and width `size`.
    pub fn output(&self, size: [usize; 2]) -> [usize; 2] {
        std::array::from_fn(|axis| {
            let reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            (size[axis] + 2 * self.padding[axis] - reach) / self.stride[axis] + 1
        })
    }

    /// Input and output channels of one group.
    fn group(&self) -> [usize; 2] {
        [self.inputs / self.groups, self.outputs / self.groups]
    }

    /// Whether every channel is a group.
    fn depthwise(&self) -> bool {
        self.group() == [1, 1]
    }

    /// Whether each output position reads nothing but the same position of the input.
    fn pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.padding == [0, 0]
    }

    /// Where the weights of an output channel and an input channel of its group start.
    fn weights(&self, output: usize, input: usize) -> usize {
        (output * self.group()[0] + input) * self.taps()
    }

    fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }
}

/// A convolution with its weights packed.
pub struct Conv2d {
    geometry: Geometry,
    level: Level,
    weight: Numbers,
    bias: Option<Vec<f32>>,
    /// For each group; nothing if every channel is one.
    forward: Vec<Panels>,
    backward: OnceLock<Vec<backward::Part>>,
}

impl Conv2d {
    /// Packs a kernel `(outputs, inputs / groups, rows, columns)` in row-major order.
    ///
    /// # Panics
    /// If the numbers of weights or biases do not fit the geometry.
    pub fn new(level: Level, geometry: Geometry, weight: Numbers, bias: Option<&[f32]>) -> Self {
        let numbers = (*weight).as_ref();
        let [inputs, outputs] = geometry.group();
        let k = inputs * geometry.taps();
        assert_eq!(
            [inputs * geometry.groups, outputs * geometry.groups],
            [geometry.inputs, geometry.outputs]
        );
        assert_eq!(numbers.len(), geometry.outputs * k);
        assert!(bias.is_none_or(|bias| bias.len() == geometry.outputs));
        let groups = if geometry.depthwise() { 0 } else { geometry.groups };
        let panels = |group: usize| {
            Panels::new(level, outputs, k, |output, i| numbers[(group * outputs + output) * k + i])
        };
        let forward = (0..groups).map(panels).collect();
        let bias = bias.map(<[f32]>::to_vec);
        Self { geometry, level, weight, bias, forward, backward: OnceLock::new() }
    }

    /// The shape.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }
}
