//! BatchNorm on the statistics of a batch (Ioffe & Szegedy, "Batch Normalization", 2015, algorithm 1), and its gradients.

use rayon::prelude::*;

use super::{BLOCK, Maps};
use crate::buffer::Buffer;
use crate::output::Target;
use crate::simd::{Level, Simd, Work};

/// Statistics of each channel over all pixels of all images.
#[derive(Clone, Debug)]
pub struct Moments {
    /// The means.
    pub mean: Vec<f32>,
    /// The variances, divided by the number of values.
    pub variance: Vec<f32>,
}

/// BatchNorm on the statistics of the maps that it is applied to, or on stored ones.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm<'a> {
    /// The maps.
    pub maps: Maps,
    /// Their statistics, or the stored ones.
    pub moments: &'a Moments,
    /// One factor for each channel.
    pub scale: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// The gradients of the scale and the shift of a [`BatchNorm`].
#[derive(Clone, Debug)]
pub struct ScaleAndShift {
    /// That of the scale.
    pub scale: Vec<f32>,
    /// That of the shift.
    pub shift: Vec<f32>,
}

impl Maps {
    /// Mean and variance of each channel. Those of each image are joined in the images' order, so threads do not matter.
    ///
    /// # Panics
    /// If the numbers are not whole images.
    pub fn moments(&self, level: Level, x: &[f32]) -> Moments {
        let (images, pixels) = (self.images(x, self.image()), self.pixels() as f64);
        let parts = self.by_block(x, |_, x| level.run(Spread { x, width: self.size[1] }));
        let of = |channel: usize| {
            let parts = || (0..images).map(|image| &parts[image * self.blocks() + channel / BLOCK]);
            let lane = channel % BLOCK;
            let count = images as f64 * pixels;
            let mean = parts().map(|part| f64::from(part[0][lane])).sum::<f64>() / count;
            // The squares around an image's mean, and those of the mean around that of all.
            let around = |part: &[[f32; BLOCK]; 2]| {
                let away = f64::from(part[0][lane]) / pixels - mean;
                f64::from(part[1][lane]) + pixels * away * away
            };
            let variance = parts().map(around).sum::<f64>() / count;
            (mean as f32, variance as f32)
        };
        let (mean, variance) = (0..self.channels).map(of).unzip();
        Moments { mean, variance }
    }

    /// What a function gives for each block of each image, and its number.
    fn by_block<T: Send>(&self, x: &[f32], f: impl Fn(usize, &[f32]) -> T + Sync) -> Vec<T> {
        let blocks = x.par_chunks(self.plane()).enumerate().with_min_len(self.blocks_of_task());
        blocks.map(|(i, x)| f(i, x)).collect()
    }
}

impl BatchNorm<'_> {
    /// The normalised maps times the scale plus a shift.
    ///
    /// # Panics
    /// If there is not one number for each channel, or the maps are not whole images.
    pub fn apply(&self, level: Level, x: Target<'_>, shift: &[f32]) -> Option<Buffer> {
        let scales = self.factors();
        let shift = |c: usize| shift[c] - self.moments.mean[c] * scales[c];
        let shifts: Vec<f32> = (0..scales.len()).map(shift).collect();
        self.maps.affine(level, x, &scales, Some(&shifts))
    }

    /// The gradient of the maps from that of the result, on stored statistics: they do not change with the maps.
    ///
    /// # Panics
    /// If there is not one number for each channel, or the maps are not whole images.
    pub fn gradient_of_stored(&self, level: Level, gradient: Target<'_>) -> Option<Buffer> {
        self.maps.affine(level, gradient, &self.factors(), None)
    }

    /// What each channel is multiplied by.
    fn factors(&self) -> Vec<f32> {
        (0..self.maps.channels).map(|c| self.scale[c] * self.inverse(c)).collect()
    }

    /// The gradients of scale and shift from that of the result; in the images' order, so threads do not matter.
    ///
    /// # Panics
    /// If the numbers are not whole images, or not as many.
    pub fn parameter_gradients(&self, level: Level, x: &[f32], gradient: &[f32]) -> ScaleAndShift {
        assert_eq!(x.len(), gradient.len());
        let (maps, plane) = (self.maps, self.maps.plane());
        let images = maps.images(x, maps.image());
        let parts = maps.by_block(x, |i, x| {
            let mean = maps.line(&self.moments.mean, i % maps.blocks());
            level.run(Slopes { x, gradient: &gradient[i * plane..][..plane], mean, width: maps.size[1] })
        });
        let sum = |channel: usize, of: usize| {
            let parts = (0..images).map(|image| &parts[image * maps.blocks() + channel / BLOCK]);
            parts.map(|part| f64::from(part[of][channel % BLOCK])).sum::<f64>()
        };
        let scale = (0..maps.channels).map(|c| (sum(c, 1) * f64::from(self.inverse(c))) as f32).collect();
        ScaleAndShift { scale, shift: (0..maps.channels).map(|c| sum(c, 0) as f32).collect() }
    }

    /// The gradient of the maps `x`, whose own the statistics are, from that of the result and those of scale and shift.
    ///
    /// # Panics
    /// If the numbers are not whole images, or not as many.
    pub fn gradient(
        &self,
        level: Level,
        x: &[f32],
        gradient: Target<'_>,
        of: &ScaleAndShift,
    ) -> Option<Buffer> {
        assert_eq!(x.len(), gradient.len());
        let (maps, plane) = (self.maps, self.maps.plane());
        let count = (x.len() / maps.image() * maps.pixels()) as f64;
        // scale / deviation * (g - mean(g) - e mean(g e)), with e the normalised maps.
        let factors = |c: usize| {
            let inverse = f64::from(self.inverse(c));
            let own = f64::from(self.scale[c]) * inverse;
            let slope = -own * inverse * f64::from(of.scale[c]) / count;
            let shift = -own * f64::from(of.shift[c]) / count - slope * f64::from(self.moments.mean[c]);
            [own as f32, slope as f32, shift as f32]
        };
        let all: Vec<[f32; 3]> = (0..maps.channels).map(factors).collect();
        let part = |i: usize| all.iter().map(|factors| factors[i]).collect::<Vec<f32>>();
        let parts = [part(0), part(1), part(2)];
        gradient.change(plane, |start, gradient| {
            let lines = parts.each_ref().map(|part| maps.line(part, start / plane % maps.blocks()));
            level.run(Back { x: &x[start..start + gradient.len()], gradient, lines });
        })
    }

    /// One over the standard deviation.
    fn inverse(&self, channel: usize) -> f32 {
        1.0 / (self.moments.variance[channel] + self.epsilon).sqrt()
    }
}

/// Sums of vectors over the pixels of a block, row by row: one chain over all pixels loses digits.
#[inline(always)]
fn sum_rows<S: Simd, const N: usize>(
    simd: S,
    len: usize,
    width: usize,
    at: impl Fn(usize, [S::F; N]) -> [S::F; N],
) -> [S::F; N] {
    let mut whole = [simd.splat(0.0); N];
    let row = width * BLOCK;
    for start in (0..len / row).map(|r| r * row) {
        let mut sums = [simd.splat(0.0); N];
        for pixel in 0..width {
            sums = at(start + pixel * BLOCK, sums);
        }
        for i in 0..N {
            whole[i] = simd.add(whole[i], sums[i]);
        }
    }
    whole
}

/// The sums of a block's channels, and those of squares around their means.
struct Spread<'a> {
    x: &'a [f32],
    /// Pixels of a row.
    width: usize,
}

impl Work for Spread<'_> {
    type Output = [[f32; BLOCK]; 2];
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [[f32; BLOCK]; 2] {
        let mut lines = [[0.0; BLOCK]; 2];
        let count = simd.splat((self.x.len() / BLOCK) as f32);
        for lane in (0..BLOCK).step_by(S::LANES) {
            // SAFETY: rows are whole lines of the numbers.
            let load = |at: usize| unsafe { simd.load(self.x.as_ptr().add(at + lane)) };
            let [sum] = sum_rows(simd, self.x.len(), self.width, |at, [sum]| [simd.add(sum, load(at))]);
            let mean = simd.div(sum, count);
            let [squares] = sum_rows(simd, self.x.len(), self.width, |at, [squares]| {
                let away = simd.sub(load(at), mean);
                [simd.fma(away, away, squares)]
            });
            // SAFETY: a line has room for its lanes.
            unsafe {
                simd.store(lines[0].as_mut_ptr().add(lane), sum);
                simd.store(lines[1].as_mut_ptr().add(lane), squares);
            }
        }
        lines
    }
}

/// The sums of a block's gradient, and of its products with what is away from the mean.
struct Slopes<'a> {
    x: &'a [f32],
    gradient: &'a [f32],
    mean: [f32; BLOCK],
    width: usize,
}

impl Work for Slopes<'_> {
    type Output = [[f32; BLOCK]; 2];
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [[f32; BLOCK]; 2] {
        let mut lines = [[0.0; BLOCK]; 2];
        for lane in (0..BLOCK).step_by(S::LANES) {
            // SAFETY: rows are whole lines of the numbers, of which there are as many; a line has these lanes.
            let (load, mean) = unsafe {
                let load = move |from: &[f32], at: usize| simd.load(from.as_ptr().add(at + lane));
                (load, simd.load(self.mean.as_ptr().add(lane)))
            };
            let sums = sum_rows(simd, self.x.len(), self.width, |at, [sum, product]| {
                let gradient = load(self.gradient, at);
                let away = simd.sub(load(self.x, at), mean);
                [simd.add(sum, gradient), simd.fma(gradient, away, product)]
            });
            for i in 0..2 {
                // SAFETY: a line has room for its lanes.
                unsafe { simd.store(lines[i].as_mut_ptr().add(lane), sums[i]) };
            }
        }
        lines
    }
}

/// `lines[0] * gradient + lines[1] * x + lines[2]`, in the gradient's place.
struct Back<'a> {
    x: &'a [f32],
    gradient: &'a mut [f32],
    lines: [[f32; BLOCK]; 3],
}

impl Work for Back<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        assert_eq!(self.x.len(), self.gradient.len());
        for lane in (0..BLOCK).step_by(S::LANES) {
            // SAFETY: lines have these lanes, and the block is whole lines.
            unsafe {
                let line = |i: usize| simd.load(self.lines[i].as_ptr().add(lane));
                let [own, slope, shift] = [line(0), line(1), line(2)];
                for at in (0..self.x.len() / BLOCK).map(|pixel| pixel * BLOCK + lane) {
                    let to = self.gradient.as_mut_ptr().add(at);
                    let rest = simd.fma(slope, simd.load(self.x.as_ptr().add(at)), shift);
                    simd.store(to, simd.fma(own, simd.load(to), rest));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: Maps = Maps { channels: 21, size: [3, 5] };
    const IMAGES: usize = 3;
    const EPSILON: f32 = 1e-3;

    /// Far from zero, where squares of the numbers themselves lose what is looked for.
    fn numbers(seed: usize, level: f32) -> Vec<f32> {
        (0..IMAGES * 21 * 15).map(|i| ((i * 37 + seed * i % 11) % 23) as f32 / 7.0 + level).collect()
    }

    /// All numbers of a channel.
    fn channel(x: &[f32], c: usize) -> Vec<f64> {
        x.chunks(15).skip(c).step_by(21).flatten().map(|x| f64::from(*x)).collect()
    }

    fn mean(x: &[f64]) -> f64 {
        x.iter().sum::<f64>() / x.len() as f64
    }

    fn assert_close(got: &[f32], expected: &[f64], within: f64) {
        assert_eq!(got.len(), expected.len());
        for (got, expected) in got.iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < within, "{got}, expected {expected}");
        }
    }

    #[test]
    fn moments_are_those_of_all_images() {
        let x = numbers(1, 50.0);
        for level in Level::all() {
            let got = MAPS.moments(level, &MAPS.pack(level, &x));
            let channels: Vec<Vec<f64>> = (0..21).map(|c| channel(&x, c)).collect();
            assert_close(&got.mean, &channels.iter().map(|x| mean(x)).collect::<Vec<_>>(), 1e-5);
            let variance = |x: &Vec<f64>| mean(&x.iter().map(|v| (v - mean(x)).powi(2)).collect::<Vec<_>>());
            assert_close(&got.variance, &channels.iter().map(variance).collect::<Vec<_>>(), 1e-5);
        }
    }

    #[test]
    fn maps_are_normalised_and_have_the_gradients_of_the_definition() {
        let (x, dy) = (numbers(1, 2.0), numbers(2, -1.0));
        let scale: Vec<f32> = (0..21).map(|c| 0.5 + c as f32 / 20.0).collect();
        let shift: Vec<f32> = (0..21).map(|c| c as f32 / 5.0).collect();
        for level in Level::all() {
            let (packed, gradient) = (MAPS.pack(level, &x), MAPS.pack(level, &dy));
            let moments = MAPS.moments(level, &packed);
            let norm = BatchNorm { maps: MAPS, moments: &moments, scale: &scale, epsilon: EPSILON };
            let y = norm.apply(level, Target::Shared(&packed), &shift).unwrap();
            let y = MAPS.unpack(level, &y);
            let of = norm.parameter_gradients(level, &packed, &gradient);
            let dx = norm.gradient(level, &packed, Target::Shared(&gradient), &of).unwrap();
            assert!(dx.iter().all(|x| x.is_finite()));
            let dx = MAPS.unpack(level, &dx);
            let of_stored = norm.gradient_of_stored(level, Target::Shared(&gradient)).unwrap();
            let of_stored = MAPS.unpack(level, &of_stored);
            for c in 0..21 {
                let (x, dy) = (channel(&x, c), channel(&dy, c));
                let mu = mean(&x);
                let deviation = (mean(&x.iter().map(|v| (v - mu).powi(2)).collect::<Vec<_>>())
                    + f64::from(EPSILON))
                .sqrt();
                let even: Vec<f64> = x.iter().map(|v| (v - mu) / deviation).collect();
                let product: Vec<f64> = even.iter().zip(&dy).map(|(e, g)| e * g).collect();
                let (scale, shift) = (f64::from(scale[c]), f64::from(shift[c]));
                let expected: Vec<f64> = even.iter().map(|e| scale * e + shift).collect();
                for (got, expected) in channel(&y, c).iter().zip(&expected) {
                    assert!((got - expected).abs() < 1e-5, "{got}, expected {expected}");
                }
                assert!((f64::from(of.shift[c]) - dy.iter().sum::<f64>()).abs() < 1e-4);
                assert!((f64::from(of.scale[c]) - product.iter().sum::<f64>()).abs() < 1e-4);
                let back = |i: usize| scale / deviation * (dy[i] - mean(&dy) - even[i] * mean(&product));
                for (i, got) in channel(&dx, c).iter().enumerate() {
                    assert!((got - back(i)).abs() < 1e-5, "{got}, expected {}", back(i));
                }
                for (got, dy) in channel(&of_stored, c).iter().zip(&dy) {
                    assert!((got - scale / deviation * dy).abs() < 1e-5, "{got}");
                }
            }
        }
    }
}
