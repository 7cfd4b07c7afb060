//! The gradient of the input: a convolution of the output's gradient, one for each phase of the stride.
//!
//! Input row `y` meets output row `o` at tap `k` when `y + padding = stride o + dilation k`. All input rows with
//! the same `r = (y + padding) mod stride` use the same taps, so they are one convolution without a stride.

use super::{Conv2d, Product, Sizes, run};
use crate::panels::{Grid, Panels};
use crate::source::{Phase, Source};

/// The taps of one phase along one axis: (tap, distance in output rows).
type Taps = Vec<(usize, isize)>;

/// The convolution of one phase.
pub(super) struct Part {
    residue: [usize; 2],
    taps: [Taps; 2],
    panels: Panels,
}

/// Along one axis: the rows of the input in this phase, and the border that the taps need.
struct Axis {
    /// First row of the input.
    first: usize,
    /// Their number.
    count: usize,
    /// The output row under tap distance 0 of the first one, minus the border.
    start: isize,
    /// Rows that the taps cover from there on, beyond `count`.
    reach: usize,
}

impl Conv2d {
    /// The gradient of `n` pictures `(inputs, h, w)` from that of the output `(n, outputs, h', w')`.
    ///
    /// # Panics
    /// If the numbers do not fit the size.
    pub fn input_gradient(&self, gradient: &[f32], size: [usize; 2]) -> Vec<f32> {
        let geometry = &self.geometry;
        let out = geometry.output(size);
        let picture = geometry.outputs * out[0] * out[1];
        assert_eq!(gradient.len() % picture, 0);
        let plane = size[0] * size[1];
        let sizes = Sizes { picture, out: geometry.inputs * plane };
        let mut result = vec![0.0; gradient.len() / picture * sizes.out];
        for part in self.backward.get_or_init(|| self.parts()) {
            let axes = [0, 1].map(|axis| part.axis(axis, self, size[axis]));
            let [rows, columns] = &axes;
            if rows.count == 0 || columns.count == 0 {
                continue;
            }
            let source = self.part_source(&axes, out);
            let direct = geometry.kernel == [1, 1] && geometry.stride == [1, 1] && geometry.padding == [0, 0];
            let offsets = part.offsets(&source, geometry.outputs);
            let grid = Grid {
                rows: rows.count,
                columns: columns.count,
                stride: source.stride,
                first: rows.first * size[1] + columns.first,
                row_step: geometry.stride[0] * size[1],
                column_step: geometry.stride[1],
                plane,
            };
            let product = Product {
                source: &source,
                direct,
                panels: &part.panels,
                offsets: &offsets,
                grid,
                bias: None,
            };
            run(&product, gradient, sizes, &mut result);
        }
        result
    }

    /// The phases that have a tap.
    fn parts(&self) -> Vec<Part> {
        let geometry = self.geometry;
        let mut parts = Vec::new();
        for ry in 0..geometry.stride[0] {
            for rx in 0..geometry.stride[1] {
                let taps = [self.phase_taps(0, ry), self.phase_taps(1, rx)];
                let count = taps[0].len() * taps[1].len();
                if count == 0 {
                    continue;
                }
                let [kh, kw] = geometry.kernel;
                let panels = Panels::new(geometry.inputs, geometry.outputs * count, |input, k| {
                    let (output, tap) = (k / count, k % count);
                    let (ky, kx) = (taps[0][tap / taps[1].len()].0, taps[1][tap % taps[1].len()].0);
                    self.weight[((output * geometry.inputs + input) * kh + ky) * kw + kx]
                });
                parts.push(Part { residue: [ry, rx], taps, panels });
            }
        }
        parts
    }

    fn phase_taps(&self, axis: usize, residue: usize) -> Taps {
        let (stride, dilation) = (self.geometry.stride[axis], self.geometry.dilation[axis]);
        let taps = (0..self.geometry.kernel[axis]).filter(|k| (k * dilation) % stride == residue);
        taps.map(|k| (k, (k * dilation / stride) as isize)).collect()
    }

    fn part_source(&self, [rows, columns]: &[Axis; 2], out: [usize; 2]) -> Source {
        let left = (-columns.start).max(0) as usize;
        // The zeros left of a row also stand right of the one before it.
        let covered = (columns.count + columns.reach).saturating_sub(left);
        let used = (out[1] as isize - columns.start).max(1) as usize;
        let stride = if left > 0 { covered.max(used) } else { (columns.count + columns.reach).max(used) };
        Source {
            channels: self.geometry.outputs,
            height: out[0],
            width: out[1],
            step: [1, 1],
            phases: vec![Phase { top: rows.start, left: columns.start }],
            rows: rows.count + rows.reach,
            stride: stride.max(columns.count),
            slack: columns.reach + 1,
        }
    }
}

impl Part {
    fn axis(&self, axis: usize, conv: &Conv2d, size: usize) -> Axis {
        let (stride, padding) = (conv.geometry.stride[axis], conv.geometry.padding[axis]);
        // The first y >= 0 with (y + padding) mod stride = residue.
        let first = (self.residue[axis] + stride - padding % stride) % stride;
        let count = if first < size { (size - first).div_ceil(stride) } else { 0 };
        let furthest = self.taps[axis].iter().map(|tap| tap.1).max().unwrap_or(0);
        let nearest = self.taps[axis].iter().map(|tap| tap.1).min().unwrap_or(0);
        let row = ((first + padding - self.residue[axis]) / stride) as isize;
        Axis { first, count, start: row - furthest, reach: (furthest - nearest) as usize }
    }

    /// Where the row of each (output channel, tap) starts in the copy.
    fn offsets(&self, source: &Source, outputs: usize) -> Vec<u32> {
        let furthest = |axis: usize| self.taps[axis].iter().map(|tap| tap.1).max().unwrap_or(0);
        let mut offsets = Vec::new();
        for output in 0..outputs {
            for (_, down) in &self.taps[0] {
                for (_, right) in &self.taps[1] {
                    let (row, column) = ((furthest(0) - down) as usize, (furthest(1) - right) as usize);
                    offsets.push((output * source.plane() + row * source.stride + column) as u32);
                }
            }
        }
        offsets
    }
}

#[cfg(test)]
mod tests {
    use super::super::Geometry;
    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
    }

    /// The definition: visits every (output position, tap) pair.
    fn reference(g: &Geometry, size: [usize; 2], mut visit: impl FnMut([usize; 4], [usize; 2], [usize; 2])) {
        let [h, w] = g.output(size);
        for o in 0..g.outputs {
            for i in 0..g.inputs {
                for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
                    for ky in 0..g.kernel[0] {
                        for kx in 0..g.kernel[1] {
                            let at = |k: usize, o: usize, axis: usize| {
                                (o * g.stride[axis] + k * g.dilation[axis]).checked_sub(g.padding[axis])
                            };
                            if let (Some(iy), Some(ix)) = (at(ky, y, 0), at(kx, x, 1))
                                && iy < size[0]
                                && ix < size[1]
                            {
                                visit([o, i, ky, kx], [y, x], [iy, ix]);
                            }
                        }
                    }
                }
            }
        }
    }

    fn geometries() -> Vec<(Geometry, [usize; 2])> {
        let g = |inputs, outputs, k: [usize; 2], s: usize, p: usize, d: usize| Geometry {
            inputs,
            outputs,
            kernel: k,
            stride: [s; 2],
            padding: [p; 2],
            dilation: [d; 2],
        };
        vec![
            (g(3, 5, [3, 3], 1, 1, 1), [7, 9]),
            (g(4, 9, [1, 1], 1, 0, 1), [8, 7]),
            (g(4, 9, [1, 1], 2, 0, 1), [8, 7]),
            (g(3, 4, [7, 7], 2, 3, 1), [17, 16]),
            (g(2, 17, [3, 3], 2, 1, 1), [9, 12]),
            (g(2, 3, [3, 3], 2, 1, 1), [10, 10]),
            (g(2, 3, [3, 3], 1, 2, 2), [9, 9]),
            (g(2, 3, [3, 3], 1, 0, 1), [6, 5]),
            (g(2, 3, [5, 3], 3, 2, 1), [14, 13]),
            (g(2, 3, [2, 2], 2, 0, 1), [9, 8]),
            (g(2, 3, [4, 4], 4, 0, 1), [19, 16]),
            (g(1, 1, [3, 3], 1, 1, 1), [1, 1]),
            (g(2, 2, [3, 3], 2, 1, 3), [13, 14]),
            (g(2, 2, [1, 1], 3, 1, 1), [7, 8]),
            (g(2, 2, [11, 11], 4, 2, 1), [39, 40]),
        ]
    }

    #[test]
    fn forward_and_gradient_equal_the_definition() {
        for (g, size) in geometries() {
            let n = 3;
            let weight = numbers(g.outputs * g.inputs * g.kernel[0] * g.kernel[1], 1);
            let bias = numbers(g.outputs, 2);
            let [h, w] = g.output(size);
            let x = numbers(n * g.inputs * size[0] * size[1], 3);
            let dy = numbers(n * g.outputs * h * w, 4);
            let conv = Conv2d::new(g, &weight, Some(&bias));
            let (y, dx) = (conv.forward(&x, size), conv.input_gradient(&dy, size));
            for picture in 0..n {
                let mut expected = vec![0.0_f64; g.outputs * h * w];
                expected.iter_mut().enumerate().for_each(|(at, y)| *y = f64::from(bias[at / (h * w)]));
                let mut gradient = vec![0.0_f64; g.inputs * size[0] * size[1]];
                reference(&g, size, |[o, i, ky, kx], [oy, ox], [iy, ix]| {
                    let weight =
                        f64::from(weight[((o * g.inputs + i) * g.kernel[0] + ky) * g.kernel[1] + kx]);
                    let at_x = (i * size[0] + iy) * size[1] + ix;
                    let at_y = (o * h + oy) * w + ox;
                    expected[at_y] += weight * f64::from(x[picture * gradient.len() + at_x]);
                    gradient[at_x] += weight * f64::from(dy[picture * g.outputs * h * w + at_y]);
                });
                for (got, want) in y[picture * expected.len()..].iter().zip(&expected) {
                    assert!((f64::from(*got) - want).abs() < 1e-4, "forward {g:?} {size:?}");
                }
                for (got, want) in dx[picture * gradient.len()..].iter().zip(&gradient) {
                    assert!((f64::from(*got) - want).abs() < 1e-4, "gradient {g:?} {size:?}");
                }
            }
        }
    }

    #[test]
    fn a_picture_alone_gives_the_same_bits_as_in_a_batch() {
        for (g, size) in geometries() {
            let weight = numbers(g.outputs * g.inputs * g.kernel[0] * g.kernel[1], 1);
            let conv = Conv2d::new(g, &weight, None);
            let one = g.inputs * size[0] * size[1];
            let x = numbers(9 * one, 5);
            let together = conv.forward(&x, size);
            let alone: Vec<f32> = x.chunks(one).flat_map(|x| conv.forward(x, size)).collect();
            assert_eq!(together, alone, "{g:?}");
            let [h, w] = g.output(size);
            let dy = numbers(9 * g.outputs * h * w, 6);
            let together = conv.input_gradient(&dy, size);
            let alone: Vec<f32> =
                dy.chunks(g.outputs * h * w).flat_map(|dy| conv.input_gradient(dy, size)).collect();
            assert_eq!(together, alone, "{g:?}");
        }
    }
}
