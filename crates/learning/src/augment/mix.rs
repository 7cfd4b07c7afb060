//! Two images in one, and a target of both their classes.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

/// How another image is mixed in. Each image draws a partner and a share of its own; the papers draw one share for a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mix {
    /// The weighted mean of both images, by a share from Beta(a, a) (Zhang et al., "mixup", 2018).
    MixUp(f64),
    /// A rectangle of the other one, whose area is a share from Beta(a, a), around a place anywhere (Yun et al., "CutMix",
    /// 2019); what of it lies outside is cut and does not count.
    CutMix(f64),
}

impl Mix {
    /// Mixes `other` into the pixels `(c, h, w)` and returns the share of the first image that is left.
    ///
    /// # Panics
    /// If the number of the distribution is not positive and finite.
    pub fn apply(self, pixels: &mut [f32], other: &[f32], size: [usize; 3], random: &mut ChaCha8Rng) -> f32 {
        let (Self::MixUp(alpha) | Self::CutMix(alpha)) = self;
        let share = Beta::new(alpha, alpha).expect("a positive number").sample(random) as f32;
        match self {
            Self::MixUp(_) => {
                pixels.iter_mut().zip(other).for_each(|(a, b)| *a = share * *a + (1.0 - share) * b);
                share
            }
            Self::CutMix(_) => {
                let centre = [random.random::<f32>(), random.random::<f32>()];
                paste(pixels, other, size, share, centre)
            }
        }
    }
}

/// Copies a rectangle with the area `1 - share` of the image, around a centre in 0..1 (row, column); returns the share of pixels that
/// stay.
fn paste(pixels: &mut [f32], other: &[f32], [_, h, w]: [usize; 3], share: f32, centre: [f32; 2]) -> f32 {
    let range = |length: usize, centre: f32| {
        let (middle, half) = (centre * length as f32, (1.0 - share).max(0.0).sqrt() * length as f32 / 2.0);
        ((middle - half).round().max(0.0) as usize)..((middle + half).round() as usize).min(length)
    };
    let (rows, columns) = (range(h, centre[0]), range(w, centre[1]));
    for (plane, from) in pixels.chunks_mut(h * w).zip(other.chunks(h * w)) {
        for y in rows.clone() {
            plane[y * w..][columns.clone()].copy_from_slice(&from[y * w..][columns.clone()]);
        }
    }
    1.0 - (rows.len() * columns.len()) as f32 / (h * w) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_what_is_left_of_the_image() {
        let size = [2, 6, 8];
        for mix in [Mix::MixUp(0.4), Mix::CutMix(1.0)] {
            for draw in 0..200 {
                let (mut pixels, other) = (vec![1.0; 96], vec![0.0; 96]);
                let share =
                    mix.apply(&mut pixels, &other, size, &mut stats::random::generator(0, &["mix"], draw));
                let mean = pixels.iter().copied().map(f64::from).sum::<f64>() / 96.0;
                assert!((mean - f64::from(share)).abs() < 1e-6, "{mix:?}: {mean} {share}");
            }
        }
    }

    #[test]
    fn a_rectangle_has_its_place() {
        let (mut pixels, other) = (vec![1.0; 16], vec![0.0; 16]);
        assert_eq!(paste(&mut pixels, &other, [1, 4, 4], 0.75, [0.5, 0.25]), 0.75);
        let expected = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        assert_eq!(pixels, expected);
        // A quarter of it is inside.
        let mut pixels = vec![1.0; 16];
        assert_eq!(paste(&mut pixels, &other, [1, 4, 4], 0.75, [0.0, 0.0]), 15.0 / 16.0);
    }
}
