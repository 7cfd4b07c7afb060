//! The convolution itself.

use super::{Conv2d, Product, Sizes, run};
use crate::panels::Grid;
use crate::source::{Phase, Source};

impl Conv2d {
    /// Convolves `n` pictures `(inputs, h, w)`; the result is `(n, outputs, h', w')`.
    ///
    /// # Panics
    /// If the numbers do not fit the size.
    pub fn forward(&self, x: &[f32], size: [usize; 2]) -> Vec<f32> {
        let geometry = &self.geometry;
        let picture = geometry.inputs * size[0] * size[1];
        assert_eq!(x.len() % picture, 0);
        let [rows, columns] = geometry.output(size);
        let (source, direct) = self.source(size);
        let offsets = self.offsets(&source);
        let plane = rows * columns;
        let grid =
            Grid { rows, columns, stride: source.stride, first: 0, row_step: columns, column_step: 1, plane };
        let product = Product {
            source: &source,
            direct,
            panels: &self.forward,
            offsets: &offsets,
            grid,
            bias: self.bias.as_deref(),
        };
        let mut out = vec![0.0; x.len() / picture * geometry.outputs * plane];
        run(&product, x, Sizes { picture, out: geometry.outputs * plane }, &mut out);
        out
    }

    /// The copy that the taps read, and whether the picture itself will do.
    fn source(&self, size: [usize; 2]) -> (Source, bool) {
        let geometry = &self.geometry;
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
        let shared = geometry.stride == [1, 1];
        // Rows share the zeros between them: the right border of one is the left border of the next.
        let stride = if shared { size[1] + geometry.padding[1] } else { out[1] + reach(1) };
        let stride = stride.max(out[1]);
        let direct = shared && geometry.kernel == [1, 1] && geometry.padding == [0, 0];
        let source = Source {
            channels: geometry.inputs,
            height: size[0],
            width: size[1],
            step: geometry.stride,
            phases,
            rows: out[0] + reach(0),
            stride,
            slack: reach(1) + 1,
        };
        (source, direct)
    }

    /// The plane that a tap reads.
    fn phase(&self, ky: usize, kx: usize) -> Phase {
        let Self { geometry, .. } = self;
        let residue = |k: usize, axis: usize| {
            ((k * geometry.dilation[axis]) % geometry.stride[axis]) as isize - geometry.padding[axis] as isize
        };
        Phase { top: residue(ky, 0), left: residue(kx, 1) }
    }

    /// Where the row of each (channel, tap) starts in the copy.
    fn offsets(&self, source: &Source) -> Vec<u32> {
        let geometry = &self.geometry;
        let mut offsets = Vec::new();
        for channel in 0..geometry.inputs {
            for (ky, kx) in self.taps() {
                let phase = self.phase(ky, kx);
                let index = source.phases.iter().position(|other| *other == phase).unwrap_or(0);
                let plane = (channel * source.phases.len() + index) * source.plane();
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
