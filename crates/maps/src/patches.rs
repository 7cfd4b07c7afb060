//! The first patches of a map, as the inpainting study takes them away.

use stats::ranks;

use crate::Map;

/// How the first pixels of a map are taken in patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches {
    /// Rows and columns of a patch; 1 for single pixels.
    pub side: usize,
    /// As the study's code has it: the map is reduced to a number for each patch and enlarged again, both twice and bilinearly, and
    /// single pixels of what comes out are taken, so that edges of patches are smooth. Otherwise whole patches are.
    pub published: bool,
}

impl Patches {
    /// Those of the study, whole: 196 of 224 x 224 pixels.
    pub const STUDY: Self = Self { side: 16, published: false };

    /// The flat indices of the pixels of the first `share` of a map. Whole patches are as many as that is of all, rounded, halves up;
    /// single pixels are cut down. A patch counts by the mean of the pixels around its centre: one, two or four.
    ///
    /// # Panics
    /// If a patch has no pixel.
    pub fn first(self, map: &Map, share: f64) -> Vec<usize> {
        let pixels = map.pixels();
        let cut = |share: f64| (share * pixels as f64 + 1e-9) as usize;
        if self.side == 1 {
            return ranks::descending(map.values()).into_iter().take(cut(share)).collect();
        }
        if self.published {
            let smooth = self.smooth(&self.smooth(map.values(), map.size()), map.size());
            return ranks::descending(&smooth).into_iter().take(cut(share)).collect();
        }
        let (values, [_, columns]) = self.centres(map.values(), map.size());
        let count = (share * values.len() as f64 + 0.5 + 1e-9) as usize;
        let mut chosen = vec![false; values.len()];
        ranks::descending(&values).into_iter().take(count).for_each(|patch| chosen[patch] = true);
        let width = map.size()[1];
        let patch = |pixel: &usize| pixel / width / self.side * columns + pixel % width / self.side;
        (0..pixels).filter(|pixel| chosen[patch(pixel)]).collect()
    }

    /// A value for each patch, and how many they are down and across.
    fn centres(self, values: &[f64], size: [usize; 2]) -> (Vec<f64>, [usize; 2]) {
        let counts = size.map(|length| length.div_ceil(self.side));
        let middle = |patch: usize, length: usize| {
            let (start, end) = (patch * self.side, ((patch + 1) * self.side).min(length));
            [usize::midpoint(start, end - 1), usize::midpoint(start, end)]
        };
        let value = |patch: usize| {
            let [rows, columns] = [middle(patch / counts[1], size[0]), middle(patch % counts[1], size[1])];
            let around = rows.iter().flat_map(|row| columns.map(|column| values[row * size[1] + column]));
            around.sum::<f64>() / 4.0
        };
        ((0..counts[0] * counts[1]).map(value).collect(), counts)
    }

    /// The patches' values, bilinearly between their centres and constant beyond the outermost ones.
    fn smooth(self, values: &[f64], size: [usize; 2]) -> Vec<f64> {
        let (patches, counts) = self.centres(values, size);
        let between = |at: usize, count: usize| {
            let place = ((at as f64 + 0.5) / self.side as f64 - 0.5).clamp(0.0, (count - 1) as f64);
            let first = place as usize;
            (first, (first + 1).min(count - 1), place - first as f64)
        };
        let value = |pixel: usize| {
            let (top, bottom, down) = between(pixel / size[1], counts[0]);
            let (left, right, across) = between(pixel % size[1], counts[1]);
            let row = |row: usize| {
                patches[row * counts[1] + left] * (1.0 - across) + patches[row * counts[1] + right] * across
            };
            row(top) * (1.0 - down) + row(bottom) * down
        };
        (0..values.len()).map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXACT: Patches = Patches { side: 2, published: false };

    fn map(values: &[f64]) -> Map {
        Map::from_plane([4, 4], values.to_vec()).unwrap()
    }

    /// Patches of 2 x 2 pixels: 1, 4, 3, 2 at their pixels.
    fn quarters() -> Map {
        map(&[1.0, 1.0, 4.0, 4.0, 1.0, 1.0, 4.0, 4.0, 3.0, 3.0, 2.0, 2.0, 3.0, 3.0, 2.0, 2.0])
    }

    #[test]
    fn whole_patches_come_by_their_centres() {
        assert_eq!(EXACT.first(&quarters(), 0.25), [2, 3, 6, 7]);
        assert_eq!(EXACT.first(&quarters(), 0.5), [2, 3, 6, 7, 8, 9, 12, 13]);
        assert_eq!(EXACT.first(&quarters(), 0.3), [2, 3, 6, 7]); // 1.2 patches
        assert_eq!(EXACT.first(&quarters(), 0.375).len(), 8); // 1.5 patches
        assert_eq!((EXACT.first(&quarters(), 0.0).len(), EXACT.first(&quarters(), 1.0).len()), (0, 16));
    }

    #[test]
    fn of_equal_patches_the_first_one_comes_first_and_edges_are_cut() {
        assert_eq!(EXACT.first(&map(&[0.0; 16]), 0.25), [0, 1, 4, 5]);
        let odd = Map::from_plane([3, 3], vec![0.0, 0.0, 5.0, 0.0, 0.0, 5.0, 0.0, 0.0, 9.0]).unwrap();
        assert_eq!(EXACT.first(&odd, 0.25), [8]);
        assert_eq!(EXACT.first(&odd, 0.5), [2, 5, 8]);
    }

    #[test]
    fn single_pixels_are_cut_down() {
        let pixels = Patches { side: 1, published: false };
        let ramp = map(&(0..16).map(f64::from).collect::<Vec<_>>());
        assert_eq!(pixels.first(&ramp, 0.2), [15, 14, 13]); // 3.2 pixels
        // 0.3 of ten is three, whatever 0.3 is in binary.
        let ten = Map::from_plane([1, 10], (0..10).map(f64::from).collect()).unwrap();
        assert_eq!(pixels.first(&ten, 0.3).len(), 3);
    }

    /// torch.nn.functional.interpolate, down and up by two, twice, of 0, 1 ... 15 squared: the eight highest of what comes out.
    #[test]
    fn the_published_order_is_that_of_a_map_reduced_and_enlarged_twice() {
        let published = Patches { side: 2, published: true };
        let smooth = published.smooth(&(0..16).map(|i| f64::from(i * i)).collect::<Vec<_>>(), [4, 4]);
        let expected = [
            10.5, 14.0, 21.0, 24.5, 36.5, 42.0, 53.0, 58.5, 88.5, 98.0, 117.0, 126.5, 114.5, 126.0, 149.0,
            160.5,
        ];
        for (found, expected) in smooth.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{smooth:?}");
        }
        let mut first = published.first(&map(&(0..16).map(|i| f64::from(i * i)).collect::<Vec<_>>()), 0.5);
        first.sort_unstable();
        assert_eq!(first, [8, 9, 10, 11, 12, 13, 14, 15]);
    }
}
