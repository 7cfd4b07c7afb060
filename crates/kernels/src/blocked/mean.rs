//! Means over whole maps.

use rayon::prelude::*;

use super::{BLOCK, Maps};
use crate::buffer::Buffer;
use crate::output::Output;
use crate::rows::column_sums;
use crate::simd::{Level, Simd, Work};

impl Maps {
    /// The mean of each channel over all pixels, `(n, channels)`.
    ///
    /// # Panics
    /// If the numbers are not whole images.
    pub fn mean(&self, level: Level, x: &[f32]) -> Buffer {
        self.dot(level, x, None, self.pixels() as f32)
    }

    /// The sum of each channel over all pixels of all images, those of images in their order: threads do not matter.
    ///
    /// # Panics
    /// If the numbers are not whole images.
    pub fn sum(&self, level: Level, x: &[f32]) -> Vec<f32> {
        column_sums(level, self.channels, &self.dot(level, x, None, 1.0))
    }

    /// The gradient of maps from that of their means.
    ///
    /// # Panics
    /// If there is not one number for each channel of every image.
    pub fn mean_gradient(&self, level: Level, gradient: &[f32]) -> Buffer {
        let n = self.images(gradient, self.channels);
        let write = |output: Output| {
            (0..n * self.blocks()).into_par_iter().for_each(|i| {
                // SAFETY: each task has the room of its own block.
                let to = unsafe { std::slice::from_raw_parts_mut(output.at(i * self.plane()), self.plane()) };
                level.run(Fill { line: &self.line(gradient, i), divisor: self.pixels() as f32, to });
            });
        };
        // SAFETY: all blocks are written.
        unsafe { Buffer::collect(n * self.plane() * self.blocks(), write) }
    }

    /// For each channel of every image the sum over all pixels, or of products with other maps, divided by a number; `(n, channels)`.
    pub(super) fn dot(&self, level: Level, x: &[f32], other: Option<&[f32]>, divisor: f32) -> Buffer {
        let n = self.images(x, self.image());
        assert!(other.is_none_or(|other| other.len() == x.len()));
        let mut result = Buffer::zeros(n * self.channels);
        let images = result.par_chunks_mut(self.channels).enumerate();
        let blocks = images.flat_map(|(image, to)| {
            to.par_chunks_mut(BLOCK).enumerate().map(move |(i, to)| (image * self.blocks() + i, to))
        });
        blocks.for_each(|(i, to)| {
            let part = i * self.plane()..(i + 1) * self.plane();
            let (x, other) = (&x[part.clone()], other.map(|other| &other[part]));
            let sums = level.run(Dot { x, other, width: self.size[1], divisor });
            to.copy_from_slice(&sums[..to.len()]);
        });
        result
    }

    /// The numbers of the `i`-th block of all images, of which there is one for each channel; zero for other lanes.
    pub(super) fn line(&self, numbers: &[f32], i: usize) -> [f32; BLOCK] {
        let (image, first) = (i / self.blocks(), i % self.blocks() * BLOCK);
        let count = BLOCK.min(self.channels - first);
        let mut line = [0.0; BLOCK];
        line[..count].copy_from_slice(&numbers[image * self.channels + first..][..count]);
        line
    }
}

/// Sums over the pixels of a block, row by row: one chain over all pixels loses digits.
struct Dot<'a> {
    x: &'a [f32],
    other: Option<&'a [f32]>,
    /// Pixels of a row.
    width: usize,
    divisor: f32,
}

impl Work for Dot<'_> {
    type Output = [f32; BLOCK];
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f32; BLOCK] {
        let mut sums = [0.0; BLOCK];
        let row = self.width * BLOCK;
        for lane in (0..BLOCK).step_by(S::LANES) {
            let mut whole = simd.splat(0.0);
            for start in (0..self.x.len() / row).map(|r| r * row + lane) {
                let mut sum = simd.splat(0.0);
                for at in (0..self.width).map(|pixel| start + pixel * BLOCK) {
                    // SAFETY: rows are whole lines of the numbers, of which there are as many.
                    unsafe {
                        let x = simd.load(self.x.as_ptr().add(at));
                        sum = match self.other {
                            Some(other) => simd.fma(x, simd.load(other.as_ptr().add(at)), sum),
                            None => simd.add(sum, x),
                        };
                    }
                }
                whole = simd.add(whole, sum);
            }
            // SAFETY: a line has room for its lanes.
            unsafe { simd.store(sums.as_mut_ptr().add(lane), simd.div(whole, simd.splat(self.divisor))) };
        }
        sums
    }
}

/// The same line for all pixels.
struct Fill<'a> {
    line: &'a [f32; BLOCK],
    divisor: f32,
    to: &'a mut [f32],
}

impl Work for Fill<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for lane in (0..BLOCK).step_by(S::LANES) {
            // SAFETY: a line has these lanes.
            let line = unsafe { simd.load(self.line.as_ptr().add(lane)) };
            let line = simd.div(line, simd.splat(self.divisor));
            for pixel in 0..self.to.len() / BLOCK {
                // SAFETY: the numbers have these lines.
                unsafe { simd.store(self.to.as_mut_ptr().add(pixel * BLOCK + lane), line) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_their_gradient_equal_the_definition() {
        for (channels, size) in [(21, [3, 5]), (16, [1, 1]), (3, [7, 2])] {
            let maps = Maps { channels, size };
            let pixels = size[0] * size[1];
            let x: Vec<f32> = (0..2 * channels * pixels).map(|i| ((i * 37) % 23) as f32 - 7.0).collect();
            let gradient: Vec<f32> = (0..2 * channels).map(|i| i as f32 + 1.0).collect();
            let close = |got: &[f32], expected: &[f64]| {
                assert_eq!(got.len(), expected.len());
                got.iter().zip(expected).all(|(got, expected)| (f64::from(*got) - expected).abs() < 1e-4)
            };
            let mean = |x: &[f32]| x.iter().map(|x| f64::from(*x)).sum::<f64>() / pixels as f64;
            let means: Vec<f64> = x.chunks(pixels).map(mean).collect();
            let share = |i: usize| f64::from(gradient[i / pixels]) / pixels as f64;
            let shares: Vec<f64> = (0..x.len()).map(share).collect();
            let both = |c: usize| pixels as f64 * (means[c] + means[c + channels]);
            let sums: Vec<f64> = (0..channels).map(both).collect();
            for level in Level::all() {
                assert!(close(&maps.sum(level, &maps.pack(level, &x)), &sums), "{maps:?}");
                assert!(close(&maps.mean(level, &maps.pack(level, &x)), &means), "{maps:?}");
                let got = maps.mean_gradient(level, &gradient);
                assert!(got.iter().all(|x| x.is_finite()));
                assert!(close(&maps.unpack(level, &got), &shares), "{maps:?}");
            }
        }
    }

    #[test]
    fn wide_and_narrow_vectors_give_the_same_bits() {
        let maps = Maps { channels: 32, size: [9, 11] };
        let x: Vec<f32> = (0..maps.image()).map(|i| ((i * 37) % 23) as f32 / 7.0).collect();
        let means: Vec<_> = Level::all().into_iter().map(|level| maps.mean(level, &x)).collect();
        assert!(means.iter().all(|mean| **mean == *means[0])); // there is nothing to fuse
    }
}
