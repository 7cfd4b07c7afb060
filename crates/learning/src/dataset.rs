//! Images in memory and what they are.

use models::Preprocess;
use rand::RngExt;
use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::augment::Augmentation;
use crate::classifier::Batch;
use crate::loss::Targets;

/// Images of one size, as bytes, and the class of each.
#[derive(Clone, Debug)]
pub struct DataSet {
    /// Planes of bytes `(c, h, w)` of each image, in the order of [`models::Image::pixels`].
    pub images: Vec<Vec<u8>>,
    /// Channels, height and width.
    pub size: [usize; 3],
    /// The class of each image.
    pub labels: Vec<usize>,
    /// How many classes there are.
    pub classes: usize,
    /// How the network takes pixels; only the channels and their mean and deviation count, the images have their size.
    pub preprocess: Preprocess,
}

impl DataSet {
    /// Some of the images as they are.
    pub fn batch(&self, rows: &[usize]) -> Batch {
        let planes: Vec<Vec<f32>> =
            rows.par_iter().map(|&row| self.preprocess.normalise_bytes(&self.images[row])).collect();
        let labels = rows.iter().map(|&row| self.labels[row]).collect();
        self.joined(planes, Targets::Classes(labels))
    }

    /// Some of the images as they are in an epoch of a training.
    pub fn augmented(&self, augmentation: &Augmentation, seed: u64, epoch: usize, rows: &[usize]) -> Batch {
        let changed = |&row: &usize| self.changed(augmentation, seed, epoch, row);
        let (planes, targets): (Vec<_>, Vec<_>) = rows.par_iter().map(changed).unzip();
        let targets = if augmentation.mix.is_some() {
            let share = |(first, share, other): &(usize, f32, usize)| {
                let mut shares = vec![0.0; self.classes];
                shares[*first] += share;
                shares[*other] += 1.0 - share;
                shares
            };
            Targets::Shares(targets.iter().flat_map(share).collect())
        } else {
            Targets::Classes(targets.iter().map(|(label, _, _)| *label).collect())
        };
        self.joined(planes, targets)
    }

    /// A normalised image, its class, its share, and the class of what else is in it.
    fn changed(
        &self,
        augmentation: &Augmentation,
        seed: u64,
        epoch: usize,
        row: usize,
    ) -> (Vec<f32>, (usize, f32, usize)) {
        let mut random = Augmentation::generator(seed, epoch, row);
        let mut pixels = augmentation.image(&self.images[row], self.size, &mut random);
        let (mut share, mut other) = (1.0, row);
        if let Some(mix) = augmentation.mix {
            other = random.random_range(0..self.images.len());
            // The partner as it is itself in this epoch.
            let mut own = Augmentation::generator(seed, epoch, other);
            let partner = augmentation.image(&self.images[other], self.size, &mut own);
            share = mix.apply(&mut pixels, &partner, self.size, &mut random);
        }
        (self.preprocess.normalise_pixels(&pixels), (self.labels[row], share, self.labels[other]))
    }

    fn joined(&self, planes: Vec<Vec<f32>>, targets: Targets) -> Batch {
        let [c, h, w] = self.size;
        Batch { shape: [planes.len(), c, h, w], pixels: planes.concat(), targets }
    }

    /// Deals the labels out to the images anew, by the seed: each class keeps its number of images (Zhang et al., "Understanding Deep
    /// Learning Requires Rethinking Generalization", 2017).
    pub fn permute_labels(&mut self, seed: u64) {
        self.labels.shuffle(&mut stats::random::generator(seed, &["permute-labels"], 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::Mix;

    fn data() -> DataSet {
        let images =
            (0..50_u8).map(|image| (0..12).map(|i| image.wrapping_mul(5) ^ (i * 20)).collect()).collect();
        let labels = (0..50).map(|image| image % 3).collect();
        DataSet {
            images,
            size: [3, 2, 2],
            labels,
            classes: 3,
            preprocess: Preprocess::preset("imagenet").unwrap(),
        }
    }

    #[test]
    fn an_image_is_the_same_in_any_batch() {
        for mix in [None, Some(Mix::MixUp(0.4)), Some(Mix::CutMix(1.0))] {
            let augmentation = Augmentation { padding: 1, flip: true, colour: [0.2, 0.3, 0.4], mix };
            let data = data();
            let whole = data.augmented(&augmentation, 3, 7, &[4, 9, 11]);
            assert_eq!(whole.shape, [3, 3, 2, 2]);
            for (at, row) in [4, 9, 11].into_iter().enumerate() {
                let one = data.augmented(&augmentation, 3, 7, &[row]);
                assert_eq!(one.pixels, whole.pixels[at * 12..][..12]);
            }
        }
    }

    #[test]
    fn mixed_targets_are_shares_of_both_classes() {
        let augmentation = Augmentation { mix: Some(Mix::MixUp(1.0)), ..Augmentation::default() };
        let data = data();
        let rows: Vec<usize> = (0..50).collect();
        let Targets::Shares(shares) = data.augmented(&augmentation, 0, 0, &rows).targets else { panic!() };
        for (row, shares) in shares.chunks(3).enumerate() {
            assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6 && shares[row % 3] > 0.0);
        }
        assert!(shares.iter().any(|share| (0.1..0.9).contains(share)));
    }

    #[test]
    fn without_augmentation_both_ways_are_one() {
        let data = data();
        let (plain, same) = (data.batch(&[3, 1]), data.augmented(&Augmentation::default(), 0, 0, &[3, 1]));
        assert_eq!((plain.pixels, plain.targets), (same.pixels, same.targets));
    }

    #[test]
    fn permuted_labels_keep_their_counts_and_leave_the_images() {
        let (mut data, before) = (data(), data());
        data.permute_labels(1);
        let counts = |labels: &[usize]| [0, 1, 2].map(|class| labels.iter().filter(|&&l| l == class).count());
        assert_eq!(counts(&data.labels), counts(&before.labels));
        assert!(data.labels != before.labels && data.images == before.images);
        let mut other = self::data();
        other.permute_labels(2);
        assert!(other.labels != data.labels);
    }
}
