//! Maps times one number for each channel, sixteen channels at a time.

use super::{BLOCK, Maps};
use crate::buffer::Buffer;
use crate::output::Target;
use crate::simd::{Level, Simd, Work};

impl Maps {
    /// Maps times one number for each channel of every image, `(n, channels)`; their gradient is that of the product, scaled likewise.
    ///
    /// # Panics
    /// If there are not as many numbers.
    pub fn scale(&self, level: Level, x: Target<'_>, factors: &[f32]) -> Option<Buffer> {
        let n = x.len().checked_div(self.image()).unwrap_or(0);
        assert_eq!((x.len(), factors.len()), (n * self.image(), n * self.channels));
        x.change(self.plane(), |start, x| {
            level.run(Scale { x, factors: self.line(factors, start / self.plane()), shifts: [0.0; BLOCK] });
        })
    }

    /// The gradient of the factors, `(n, channels)`, from that of the product: sums over pixels, row by row.
    ///
    /// # Panics
    /// If the numbers are not whole images, or not as many.
    pub fn scale_gradient(&self, level: Level, x: &[f32], gradient: &[f32]) -> Buffer {
        self.dot(level, x, Some(gradient), 1.0)
    }

    /// Maps times one number for each channel, the same for all images, plus another one, if there are shifts. The gradient of the maps
    /// is that of the result, scaled without shifts.
    ///
    /// # Panics
    /// If there is not one number for each channel, or the maps are not whole images.
    pub fn affine(
        &self,
        level: Level,
        x: Target<'_>,
        scales: &[f32],
        shifts: Option<&[f32]>,
    ) -> Option<Buffer> {
        let n = x.len().checked_div(self.image()).unwrap_or(0);
        assert_eq!((x.len(), scales.len()), (n * self.image(), self.channels));
        assert!(shifts.is_none_or(|shifts| shifts.len() == self.channels));
        x.change(self.plane(), |start, x| {
            let block = start / self.plane() % self.blocks();
            let shifts = shifts.map_or([0.0; BLOCK], |shifts| self.line(shifts, block));
            level.run(Scale { x, factors: self.line(scales, block), shifts });
        })
    }
}

/// A block of an image.
struct Scale<'a> {
    x: &'a mut [f32],
    factors: [f32; BLOCK],
    shifts: [f32; BLOCK],
}

impl Work for Scale<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for lane in (0..BLOCK).step_by(S::LANES) {
            // SAFETY: lines have these lanes, and the block is whole lines.
            unsafe {
                let (factor, shift) =
                    (simd.load(self.factors.as_ptr().add(lane)), simd.load(self.shifts.as_ptr().add(lane)));
                for pixel in 0..self.x.len() / BLOCK {
                    let at = self.x.as_mut_ptr().add(pixel * BLOCK + lane);
                    simd.store(at, simd.fma(simd.load(at), factor, shift));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: Maps = Maps { channels: 21, size: [3, 5] };

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 37 + seed) % 23) as f32 / 7.0 - 1.0).collect()
    }

    /// Of maps, in place and in a copy.
    fn changed(level: Level, x: &[f32], change: impl Fn(Target<'_>) -> Option<Buffer>) -> Vec<f32> {
        let mut x = MAPS.pack(level, x);
        let copy = change(Target::Shared(&x)).unwrap();
        assert!(change(Target::Own(&mut x)).is_none());
        assert!(*copy == *x && x.iter().all(|x| x.is_finite()));
        MAPS.unpack(level, &x).to_vec()
    }

    fn assert_close(got: &[f32], expected: impl Iterator<Item = f64>) {
        for (got, expected) in got.iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < 1e-5, "{got}, expected {expected}");
        }
    }

    #[test]
    fn each_image_has_its_own_factors() {
        let (x, factors) = (numbers(2 * 21 * 15, 1), numbers(2 * 21, 2));
        for level in Level::all() {
            let got = changed(level, &x, |x| MAPS.scale(level, x, &factors));
            assert_close(&got, (0..x.len()).map(|i| f64::from(x[i]) * f64::from(factors[i / 15])));
        }
    }

    #[test]
    fn factors_have_the_sum_of_their_channel() {
        let (x, dy) = (numbers(2 * 21 * 15, 1), numbers(2 * 21 * 15, 3));
        let sum = |i: usize| (15 * i..15 * (i + 1)).map(|i| f64::from(x[i]) * f64::from(dy[i])).sum();
        for level in Level::all() {
            let got = MAPS.scale_gradient(level, &MAPS.pack(level, &x), &MAPS.pack(level, &dy));
            assert_eq!(got.len(), 42);
            assert_close(&got, (0..42).map(sum));
        }
    }

    #[test]
    fn all_images_share_scales_and_shifts() {
        let (x, scales, shifts) = (numbers(2 * 21 * 15, 1), numbers(21, 2), numbers(21, 3));
        let expected = |i: usize, shift: &[f32]| {
            let channel = i / 15 % 21;
            f64::from(x[i]) * f64::from(scales[channel]) + f64::from(shift[channel])
        };
        for level in Level::all() {
            let got = changed(level, &x, |x| MAPS.affine(level, x, &scales, Some(&shifts)));
            assert_close(&got, (0..x.len()).map(|i| expected(i, &shifts)));
            let got = changed(level, &x, |x| MAPS.affine(level, x, &scales, None));
            assert_close(&got, (0..x.len()).map(|i| expected(i, &[0.0; 21])));
        }
    }
}
