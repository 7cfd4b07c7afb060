//! Resampling by weights: exact for PyTorch's bilinear and bicubic `interpolate` with and without antialiasing, and for
//! both corner conventions.

use std::ops::Range;

/// How a new sample is made of old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Linear between the two nearest samples.
    Bilinear,
    /// Cubic convolution: `a = -0.75` as PyTorch's plain `bicubic`, `a = -0.5` when antialiased, as PIL.
    Bicubic,
}

/// A resampling rule for one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resample {
    /// The interpolation kernel.
    pub filter: Filter,
    /// Widen the kernel when shrinking, as PIL and `antialias=True` do.
    pub antialias: bool,
    /// Map the first sample to the first and the last to the last (`align_corners=True`).
    pub align_corners: bool,
}

impl Resample {
    /// `interpolate(mode="bilinear", align_corners=False)`.
    pub const BILINEAR: Self = Self { filter: Filter::Bilinear, antialias: false, align_corners: false };
    /// `interpolate(mode="bicubic", align_corners=False)`.
    pub const BICUBIC: Self = Self { filter: Filter::Bicubic, ..Self::BILINEAR };

    /// With the kernel widened when shrinking.
    #[must_use]
    pub const fn antialiased(self) -> Self {
        Self { antialias: true, ..self }
    }

    /// For each of `to` new samples, the first old sample it reads and the weights from there on.
    pub fn taps(self, from: usize, to: usize) -> Vec<(usize, Vec<f64>)> {
        if self.antialias { self.wide_taps(from, to) } else { self.narrow_taps(from, to) }
    }

    /// The weights as a dense `(to, from)` matrix.
    pub fn matrix(self, from: usize, to: usize) -> Vec<f32> {
        let mut matrix = vec![0.0; from * to];
        for (row, (first, weights)) in matrix.chunks_mut(from).zip(self.taps(from, to)) {
            for (cell, weight) in row[first..].iter_mut().zip(weights) {
                *cell = weight as f32;
            }
        }
        matrix
    }

    /// PyTorch's rule without antialiasing: two (four) neighbours, clamped at the border.
    fn narrow_taps(self, from: usize, to: usize) -> Vec<(usize, Vec<f64>)> {
        let reach: i64 = if self.filter == Filter::Bilinear { 1 } else { 2 };
        (0..to)
            .map(|i| {
                let x = self.position(i, from, to);
                let base = x.floor();
                let taps = (1 - reach..=reach).map(|k| {
                    let old = (base as i64 + k).clamp(0, from as i64 - 1) as usize;
                    (old, self.kernel(x - base - k as f64, -0.75))
                });
                gather(taps.collect())
            })
            .collect()
    }

    /// The old coordinate of new sample `i`.
    fn position(self, i: usize, from: usize, to: usize) -> f64 {
        if self.align_corners {
            return if to > 1 { i as f64 * (from - 1) as f64 / (to - 1) as f64 } else { 0.0 };
        }
        let x = (i as f64 + 0.5) * from as f64 / to as f64 - 0.5;
        // Bilinear clamps the coordinate, bicubic only the samples it reads.
        if self.filter == Filter::Bilinear { x.max(0.0) } else { x }
    }

    /// PIL's rule: a kernel as wide as the scale, cut at the border and normalised.
    fn wide_taps(self, from: usize, to: usize) -> Vec<(usize, Vec<f64>)> {
        let scale = from as f64 / to as f64;
        let width = scale.max(1.0);
        let support = width * if self.filter == Filter::Bilinear { 1.0 } else { 2.0 };
        (0..to)
            .map(|i| {
                let centre = (i as f64 + 0.5) * scale;
                let first = (centre - support + 0.5).max(0.0) as usize;
                let last = ((centre + support + 0.5) as usize).min(from);
                let weight = |old: usize| self.kernel((old as f64 - centre + 0.5) / width, -0.5);
                let weights: Vec<f64> = (first..last).map(weight).collect();
                let sum: f64 = weights.iter().sum();
                (first, weights.into_iter().map(|weight| weight / sum).collect())
            })
            .collect()
    }

    fn kernel(self, x: f64, a: f64) -> f64 {
        let x = x.abs();
        match self.filter {
            Filter::Bilinear => (1.0 - x).max(0.0),
            Filter::Bicubic if x < 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
            Filter::Bicubic if x < 2.0 => ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a,
            Filter::Bicubic => 0.0,
        }
    }

    /// Resizes an interleaved 8-bit image as PIL does: rows first, rounding to 8 bits after each pass.
    pub fn resize_bytes(self, pixels: &[u8], size: [usize; 2], to: [usize; 2], channels: usize) -> Vec<u8> {
        let [height, width] = size;
        let [new_height, new_width] = to;
        let across = self.taps(width, new_width);
        let down = self.taps(height, new_height);
        let mut wide = vec![0; height * new_width * channels];
        for (row, out) in pixels.chunks(width * channels).zip(wide.chunks_mut(new_width * channels)) {
            blend(row, out, &across, channels);
        }
        let mut tall = vec![0; new_height * new_width * channels];
        let stride = new_width * channels;
        for (out, (first, weights)) in tall.chunks_mut(stride).zip(&down) {
            for (column, cell) in out.iter_mut().enumerate() {
                let sample =
                    |(k, weight): (usize, &f64)| weight * f64::from(wide[(first + k) * stride + column]);
                *cell = byte(weights.iter().enumerate().map(sample).sum());
            }
        }
        tall
    }
}

/// The window of rows and columns of planes (C, H, W) of bytes, resized to the whole as Pillow's bicubic filter does.
pub fn enlarge(planes: &[u8], [height, width]: [usize; 2], window: [Range<usize>; 2]) -> Vec<u8> {
    let [rows, columns] = window;
    let size = [rows.len(), columns.len()];
    let rule = Resample::BICUBIC.antialiased();
    let enlarged = |plane: &[u8]| {
        let lines = rows.clone().flat_map(|row| &plane[row * width..][columns.clone()]);
        rule.resize_bytes(&lines.copied().collect::<Vec<u8>>(), size, [height, width], 1)
    };
    planes.chunks(height * width).flat_map(enlarged).collect()
}

fn blend(row: &[u8], out: &mut [u8], taps: &[(usize, Vec<f64>)], channels: usize) {
    for (pixel, (first, weights)) in out.chunks_mut(channels).zip(taps) {
        for (c, cell) in pixel.iter_mut().enumerate() {
            let sample = |(k, weight): (usize, &f64)| weight * f64::from(row[(first + k) * channels + c]);
            *cell = byte(weights.iter().enumerate().map(sample).sum());
        }
    }
}

fn byte(x: f64) -> u8 {
    (x + 0.5).floor().clamp(0.0, 255.0) as u8
}

/// Joins taps on the same sample and sorts them into one run of weights.
fn gather(taps: Vec<(usize, f64)>) -> (usize, Vec<f64>) {
    let first = taps.iter().map(|tap| tap.0).min().unwrap_or(0);
    let last = taps.iter().map(|tap| tap.0).max().unwrap_or(0);
    let mut weights = vec![0.0; last - first + 1];
    for (old, weight) in taps {
        weights[old - first] += weight;
    }
    (first, weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_weights_sums_to_one() {
        for filter in [Filter::Bilinear, Filter::Bicubic] {
            for antialias in [false, true] {
                for (from, to) in [(7, 224), (224, 7), (5, 5), (1, 4), (9, 1)] {
                    let rule = Resample { filter, antialias, align_corners: false };
                    for (_, weights) in rule.taps(from, to) {
                        let sum: f64 = weights.iter().sum();
                        assert!((sum - 1.0).abs() < 1e-12, "{rule:?} {from}->{to}: {sum}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_window_of_one_pixel_is_its_colour_and_the_whole_stays() {
        let planes: Vec<u8> = (0..24).collect();
        assert_eq!(enlarge(&planes, [3, 4], [1..2, 2..3]), [[6; 12], [18; 12]].concat());
        assert_eq!(enlarge(&planes, [3, 4], [0..3, 0..4]), planes);
    }

    #[test]
    fn the_same_size_changes_nothing() {
        let taps = Resample::BICUBIC.taps(4, 4);
        for (i, (first, weights)) in taps.iter().enumerate() {
            let weight =
                |old: usize| old.checked_sub(*first).and_then(|k| weights.get(k)).copied().unwrap_or(0.0);
            assert!((weight(i) - 1.0).abs() < 1e-12);
        }
    }
}
