//! The gradient of the weights: for each channel and tap a sum of products over all pixels of all images.

use rayon::prelude::*;

use super::{Axis, Depthwise};
use crate::blocked::{BLOCK, Maps};
use crate::buffer::Buffer;
use crate::parts::{SUMS, part};
use crate::simd::{Simd, Work};

/// Pixels of a row whose products are added up side by side: each sum waits for its own last product.
const CHAINS: usize = 4;

impl Depthwise {
    /// The gradient `(channels, 1, rows, columns)` from images of height and width `size` and the gradient of the result. Its bits do
    /// not depend on the number of threads.
    ///
    /// # Panics
    /// If the numbers are not whole images, or not of as many.
    pub fn weight_gradient(&self, x: &[f32], gradient: &[f32], size: [usize; 2]) -> Buffer {
        let (channels, taps) = (self.geometry.groups, self.geometry.kernel[0] * self.geometry.kernel[1]);
        let [from, to] = [size, self.geometry.output(size)].map(|size| Maps { channels, size });
        let images = from.images(x, from.image());
        assert_eq!(gradient.len(), images * to.image());
        let axes = [0, 1].map(|axis| Axis::forward(&self.geometry, axis, size[axis]));
        let parts = SUMS.min(images);
        let sum = |task: usize| {
            let block = task % from.blocks();
            let mut sums = vec![0.0; taps * BLOCK];
            for image in part(task / from.blocks(), parts, images) {
                let i = image * from.blocks() + block;
                let [x, gradient] = [(x, from), (gradient, to)]
                    .map(|(numbers, maps)| &numbers[i * maps.plane()..(i + 1) * maps.plane()]);
                self.level.run(Products { axes, x, gradient, sums: &mut sums });
            }
            sums
        };
        let sums: Vec<Vec<f32>> = (0..parts * from.blocks()).into_par_iter().map(sum).collect();
        let mut whole = Buffer::zeros(channels * taps);
        for (i, number) in whole.iter_mut().enumerate() {
            let (block, lane, tap) = (i / taps / BLOCK, i / taps % BLOCK, i % taps);
            let of_block = sums.iter().skip(block).step_by(from.blocks());
            *number = of_block.map(|sums| sums[tap * BLOCK + lane]).sum();
        }
        whole
    }
}

/// Adds the products of a block of an image to the sums `[tap][channel of the block]`.
struct Products<'a> {
    axes: [Axis; 2],
    x: &'a [f32],
    gradient: &'a [f32],
    sums: &'a mut [f32],
}

impl Work for Products<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let [rows, columns] = self.axes;
        assert_eq!(self.x.len(), rows.size * columns.size * BLOCK);
        assert_eq!(self.gradient.len(), rows.count * columns.count * BLOCK);
        assert_eq!(self.sums.len(), rows.taps * columns.taps * BLOCK);
        for (ky, kx) in (0..rows.taps).flat_map(|ky| (0..columns.taps).map(move |kx| (ky, kx))) {
            let (first, end) = columns.met(kx);
            for lane in (0..BLOCK).step_by(S::LANES) {
                let mut whole = simd.splat(0.0);
                for row in rows.met(ky).0..rows.met(ky).1 {
                    let sample = rows.sample(row, ky) as usize * columns.size;
                    let mut sums = [simd.splat(0.0); CHAINS];
                    for column in first..end {
                        let x = (sample + columns.sample(column, kx) as usize) * BLOCK + lane;
                        let gradient = (row * columns.count + column) * BLOCK + lane;
                        let chain = column % CHAINS;
                        // SAFETY: the result and the sample that it meets are pixels of their maps.
                        unsafe {
                            let x = simd.load(self.x.as_ptr().add(x));
                            let gradient = simd.load(self.gradient.as_ptr().add(gradient));
                            sums[chain] = simd.fma(x, gradient, sums[chain]);
                        }
                    }
                    let pairs = [simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3])];
                    whole = simd.add(whole, simd.add(pairs[0], pairs[1]));
                }
                // SAFETY: there are sums of all taps.
                unsafe {
                    let to = self.sums.as_mut_ptr().add((ky * columns.taps + kx) * BLOCK + lane);
                    simd.store(to, simd.add(simd.load(to), whole));
                }
            }
        }
    }
}
