//! Even parts of what is shared out or added up.

use std::ops::Range;

/// Parts of images or rows that have sums of their own. They are as many on any number of threads and are added in their order, so threads
/// change no bit.
pub(crate) const SUMS: usize = 16;

/// The `i`-th of so many parts of `0..n`, of the same length or nearly.
#[inline(always)]
pub(crate) fn part(i: usize, of: usize, n: usize) -> Range<usize> {
    i * n / of..(i + 1) * n / of
}

/// Splits `0..n` into as few parts of at most `most` as there can be.
pub(crate) fn split(n: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = n.div_ceil(most);
    (0..parts).map(move |i| part(i, parts, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_even() {
        let lengths = |n| split(n, 14).map(|part| part.len()).collect::<Vec<_>>();
        assert_eq!(lengths(15), [7, 8]);
        assert_eq!(lengths(28), [14, 14]);
        assert_eq!(lengths(0), [0; 0]);
        assert_eq!((part(0, 3, 2), part(1, 3, 2), part(2, 3, 2)), (0..0, 0..1, 1..2));
    }
}
