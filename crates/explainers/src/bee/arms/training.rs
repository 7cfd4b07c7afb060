//! The values of training images, whose maps are averaged (expected gradients).

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

/// Which of `known` images are taken: `count` different ones, or all if there are no more.
pub(in crate::bee) fn draw(known: usize, count: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let mut all: Vec<usize> = (0..known).collect();
    if known > count {
        all.shuffle(random);
        all.truncate(count);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::tests::random;
    use super::*;

    #[test]
    fn no_image_is_taken_twice() {
        let mut some = draw(50, 20, &mut random());
        some.sort_unstable();
        some.dedup();
        assert_eq!((some.len(), draw(3, 20, &mut random())), (20, vec![0, 1, 2]));
    }
}
