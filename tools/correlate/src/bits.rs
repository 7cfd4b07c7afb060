//! Sets of images.

/// A set of positions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// The positions at which something holds.
    pub fn new(of: impl IntoIterator<Item = bool>) -> Self {
        let mut bits = Vec::new();
        for (at, holds) in of.into_iter().enumerate() {
            if at % 64 == 0 {
                bits.push(0);
            }
            bits[at / 64] |= u64::from(holds) << (at % 64);
        }
        Self(bits)
    }

    /// What is in both sets.
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    /// What is in either set.
    pub fn or(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a | b).collect())
    }

    /// The number of positions.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The positions, rising.
    pub fn positions(&self) -> Vec<usize> {
        let of_word = |(at, word): (usize, &u64)| {
            let word = *word;
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        };
        self.0.iter().enumerate().flat_map(of_word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn sets_meet_and_join() {
        let a = Bits::new((0..200).map(|at| at % 2 == 0));
        let b = Bits::new((0..200).map(|at| at % 3 == 0));
        assert_eq!(a.and(&b).positions(), (0..200).filter(|at| at % 6 == 0).collect::<Vec<_>>());
        assert_eq!((a.len(), a.or(&b).len(), a.and(&b).len()), (100, 133, 34));
        assert!(Bits::new([]).positions().is_empty());
    }
}
