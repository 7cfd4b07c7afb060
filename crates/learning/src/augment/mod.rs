//! Training images that differ from epoch to epoch, each drawn from (seed, epoch, image) alone: neither batches nor threads
//! change them.

pub mod colour;
pub mod crop;
pub mod flip;
pub mod mix;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

pub use mix::Mix;

/// What is done to a training image, in this order. Nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Augmentation {
    /// Black pixels around the image, out of which a window of its own size is cut anywhere.
    pub padding: usize,
    /// Whether every second one is mirrored, left to right.
    pub flip: bool,
    /// The most by which brightness, contrast and saturation change.
    pub colour: [f32; 3],
    /// Whether another image is mixed in.
    pub mix: Option<Mix>,
}

impl Augmentation {
    /// The generator of an image in an epoch.
    pub fn generator(seed: u64, epoch: usize, image: usize) -> ChaCha8Rng {
        stats::random::generator(seed, &["augment", &epoch.to_string()], image as u64)
    }

    /// Pixels in 0..1 of an image's planes of bytes `(c, h, w)`, changed but not mixed.
    pub fn image(&self, bytes: &[u8], size: [usize; 3], random: &mut ChaCha8Rng) -> Vec<f32> {
        let corner = [0; 2].map(|_| random.random_range(0..=2 * self.padding));
        let mut pixels: Vec<f32> = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        if self.padding > 0 {
            pixels = crop::padded(&pixels, size, self.padding, corner);
        }
        if random.random::<bool>() && self.flip {
            flip::horizontal(&mut pixels, size[2]);
        }
        let factors = self.colour.map(|most| random.random_range((1.0 - most).max(0.0)..=1.0 + most));
        if self.colour != [0.0; 3] {
            colour::adjust(&mut pixels, size, factors);
        }
        pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [usize; 3] = [3, 4, 5];

    #[test]
    fn nothing_is_the_image() {
        let bytes: Vec<u8> = (0..60).collect();
        let same = Augmentation::default().image(&bytes, SIZE, &mut Augmentation::generator(0, 1, 2));
        assert!(same.iter().zip(&bytes).all(|(pixel, &byte)| *pixel == f32::from(byte) / 255.0));
    }

    #[test]
    fn seed_epoch_and_image_each_give_another_one() {
        let bytes: Vec<u8> = (0..60).map(|i| i * 4).collect();
        let augmentation = Augmentation { padding: 2, flip: true, colour: [0.4; 3], mix: None };
        let of = |seed, epoch, image| {
            augmentation.image(&bytes, SIZE, &mut Augmentation::generator(seed, epoch, image))
        };
        assert_eq!(of(0, 0, 0), of(0, 0, 0));
        let all = [of(0, 0, 0), of(1, 0, 0), of(0, 1, 0), of(0, 0, 1)];
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a != b), "{i}");
            assert!(a.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
        }
    }

    /// Every shift and both directions occur, about equally often.
    #[test]
    fn windows_and_mirrors_are_spread_evenly() {
        let (size, augmentation) =
            ([1, 1, 3], Augmentation { padding: 1, flip: true, ..Augmentation::default() });
        let mut counts = std::collections::BTreeMap::new();
        for image in 0..1800 {
            let pixels = augmentation.image(&[255, 51, 0], size, &mut Augmentation::generator(0, 0, image));
            let fifths: Vec<i32> = pixels.iter().map(|pixel| (pixel * 5.0) as i32).collect();
            *counts.entry(fifths).or_insert(0) += 1;
        }
        // Rows above and below are black: a third of the windows shows the image.
        let expected = [[0, 1, 5], [0, 5, 1], [1, 0, 0], [5, 1, 0], [0, 0, 1]];
        assert!(counts[&vec![0, 0, 0]] > 1100);
        assert!(expected.iter().all(|window| counts[&window.to_vec()] > 60), "{counts:?}");
    }
}
