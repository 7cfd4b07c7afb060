//! The convolution itself.

use super::Conv2d;
use super::pass::{Part, Pass};
use crate::Epilogue;
use crate::grid::Grid;
use crate::source::{Masked, Phase, Source};

impl Conv2d {
    /// Convolves `n` images `(inputs, h, w)`; the result is `(n, outputs, h', w')`.
    ///
    /// # Panics
    /// If the numbers do not fit the size.
    pub fn forward(&self, x: &[f32], size: [usize; 2], epilogue: Epilogue<'_>) -> Vec<f32> {
        let geometry = &self.geometry;
        let image = geometry.inputs * size[0] * size[1];
        assert_eq!(x.len() % image, 0);
        assert!(epilogue.end.is_none(), "a convolution has no function at its end");
        if geometry.depthwise() {
            return self.depthwise_forward(x, size, epilogue);
        }
        let [rows, columns] = geometry.output(size);
        let source = self.source(size);
        let plane = rows * columns;
        let grid = if geometry.pointwise() {
            Grid { rows: 1, columns: plane, stride: plane, first: 0, row_step: plane, column_step: 1 }
        } else {
            Grid { rows, columns, stride: source.stride, first: 0, row_step: columns, column_step: 1 }
        };
        let pass = Pass {
            products: vec![Part { panels: &self.forward, offsets: self.offsets(&source), grid }],
            group: geometry.group()[0] * source.channel(),
            source: (!geometry.pointwise()).then_some(source),
            rows: geometry.group()[1],
            image,
            plane,
            bias: self.bias.as_deref(),
            epilogue,
        };
        pass.run(Masked::all(x))
    }

    /// The copy that the taps read.
    pub(super) fn source(&self, size: [usize; 2]) -> Source {
        let geometry = &self.geometry;
        if geometry.pointwise() {
            return Source::same(geometry.inputs, size);
        }
        let out = geometry.output(size);
        let mut phases = Vec::new();
        for (ky, kx) in self.taps() {
            let phase = self.phase(ky, kx);
            if !phases.contains(&phase) {
                phases.push(phase);
            }
        }
        let reach =
            |axis: usize| (geometry.kernel[axis] - 1) * geometry.dilation[axis] / geometry.stride[axis];
        // Rows share the zeros between them: the right border of one is the left border of the next.
        let shared = geometry.stride == [1, 1];
        let stride = if shared { size[1] + geometry.padding[1] } else { out[1] + reach(1) };
        Source {
            channels: geometry.inputs,
            height: size[0],
            width: size[1],
            step: geometry.stride,
            phases,
            rows: out[0] + reach(0),
            stride: stride.max(out[1]),
            slack: reach(1) + 1,
        }
    }

    /// The plane that a tap reads.
    fn phase(&self, ky: usize, kx: usize) -> Phase {
        let Self { geometry, .. } = self;
        let residue = |k: usize, axis: usize| {
            ((k * geometry.dilation[axis]) % geometry.stride[axis]) as isize - geometry.padding[axis] as isize
        };
        Phase { top: residue(ky, 0), left: residue(kx, 1) }
    }

    /// Where the samples of each (channel of a group, tap) start in the copy.
    pub(super) fn offsets(&self, source: &Source) -> Vec<u32> {
        let geometry = &self.geometry;
        let mut offsets = Vec::new();
        for channel in 0..geometry.group()[0] {
            for (ky, kx) in self.taps() {
                let phase = self.phase(ky, kx);
                let index = source.phases.iter().position(|other| *other == phase).unwrap_or(0);
                let plane = channel * source.channel() + index * source.plane();
                let down = ky * geometry.dilation[0] / geometry.stride[0];
                let right = kx * geometry.dilation[1] / geometry.stride[1];
                offsets.push((plane + down * source.stride + right) as u32);
            }
        }
        offsets
    }

    /// Kernel taps in the order of the weights.
    fn taps(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let [rows, columns] = self.geometry.kernel;
        (0..rows).flat_map(move |ky| (0..columns).map(move |kx| (ky, kx)))
    }
}
