//! The gradient of the weights: for each tap, input and output a sum of products over all pixels of all images.

use super::Layout;
use super::dense::Dense;
use crate::blocked::{BLOCK, Image, Maps, Outer, Samples};
use crate::buffer::Buffer;
use crate::simd::Level;
use crate::source::{Masked, Source};

impl Dense {
    /// The gradient `(outputs, inputs, rows, columns)` from what the convolution read and the gradient of its output, if all outputs see
    /// all inputs.
    pub(super) fn weight_gradient(&self, x: &[f32], gradient: &[f32], size: [usize; 2]) -> Buffer {
        let (level, geometry, blocked) = (self.level, self.geometry(), self.reads() == Layout::Blocked);
        let (blocks, unit) =
            if blocked { (geometry.inputs.div_ceil(BLOCK), BLOCK) } else { (geometry.inputs, 1) };
        let maps = Maps { channels: geometry.outputs, size: geometry.output(size) };
        let image = blocks * unit * size[0] * size[1];
        let images = gradient.len() / maps.image();
        assert_eq!([images * image, images * maps.image()], [x.len(), gradient.len()]);
        let source = geometry.source(blocks, unit, size);
        let joined = geometry.pointwise() && blocked;
        let (taps, channel, stride) = if joined {
            (vec![0], size[0] * size[1] * BLOCK, size[1])
        } else {
            (geometry.offsets(&source), source.channel(), source.stride)
        };
        let terms: Vec<usize> = (0..geometry.inputs)
            .flat_map(|input| taps.iter().map(move |tap| input / unit * channel + tap + input % unit))
            .collect();
        let outer = Outer { level, terms: &terms, row: stride * unit, pixel: unit, maps };
        let samples = Pixels { level, source: (!joined).then_some(source), x, image, gradient, maps };
        outer.run(images, &samples)
    }
}

/// The pixels that the taps read.
struct Pixels<'a> {
    level: Level,
    /// The copy, where one is needed.
    source: Option<Source>,
    x: &'a [f32],
    /// Numbers of an image.
    image: usize,
    gradient: &'a [f32],
    maps: Maps,
}

impl Samples for Pixels<'_> {
    fn room(&self) -> usize {
        self.source.as_ref().map_or(0, Source::len)
    }

    fn image<'a>(&'a self, image: usize, room: &'a mut [f32]) -> Image<'a> {
        let x = &self.x[image * self.image..(image + 1) * self.image];
        let gradient = &self.gradient[image * self.maps.image()..(image + 1) * self.maps.image()];
        match &self.source {
            Some(source) => {
                source.copy(self.level, Masked::all(x), room);
                Image { x: room, gradient }
            }
            None => Image { x, gradient },
        }
    }
}
