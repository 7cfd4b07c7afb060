//! Random numbers that depend on what is being computed, not on when or where.
//!
//! Every draw in the workspace comes from a generator with a key: the seed of the run, the things that the draw
//! belongs to (image, method, …) and the number of the draw. Equal keys give equal numbers on any machine, in any
//! batch, thread or shard, and in any order, because no generator is shared between keys.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// A generator for one `draw` of the thing that `key` names.
///
/// It is ChaCha8, seeded with the SHA-256 digest of the seed, the number of strings in the key, each string after
/// its length in bytes, and the draw; all numbers as 64-bit little-endian. The lengths keep keys apart:
/// `["ab", "c"]` and `["a", "bc"]` are different generators.
///
/// ```
/// use rand::Rng;
///
/// let mut first = stats::random::generator(0, &["cat.jpg", "rise"], 7);
/// let mut again = stats::random::generator(0, &["cat.jpg", "rise"], 7);
/// assert_eq!(first.next_u64(), again.next_u64());
/// ```
pub fn generator(seed: u64, key: &[&str], draw: u64) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update((key.len() as u64).to_le_bytes());
    for part in key {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(draw.to_le_bytes());
    ChaCha8Rng::from_seed(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::generator;

    fn first(seed: u64, key: &[&str], draw: u64) -> u64 {
        generator(seed, key, draw).next_u64()
    }

    #[test]
    fn equal_keys_give_equal_numbers() {
        assert_eq!(first(1, &["cat.jpg", "rise"], 2), first(1, &["cat.jpg", "rise"], 2));
    }

    #[test]
    fn every_part_of_the_key_counts() {
        let mut seen = vec![
            first(0, &["ab", "c"], 0),
            first(1, &["ab", "c"], 0),
            first(0, &["ab", "c"], 1),
            first(0, &["a", "bc"], 0),
            first(0, &["c", "ab"], 0),
            first(0, &["abc"], 0),
            first(0, &["ab", "c", ""], 0),
            first(0, &[], 0),
            first(0, &[""], 0),
        ];
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }

    /// Maps already on disk were drawn with these numbers: a change here changes every published result.
    #[test]
    fn numbers_are_pinned() {
        let mut rng = generator(0, &["cat.jpg", "rise"], 0);
        let drawn = [rng.next_u64(), rng.next_u64(), rng.next_u64()];
        assert_eq!(drawn, [6_288_578_880_102_259_871, 8_188_862_149_519_538_013, 406_127_721_023_380_916]);
        assert_eq!(first(42, &[], 0), 16_693_154_351_379_426_491);
    }
}
