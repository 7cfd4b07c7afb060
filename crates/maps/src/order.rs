//! In which order pixels are perturbed: by value, singly or in regions.

use std::ops::Range;

use stats::ranks;

use crate::Map;

/// Which pixels come first. Among equal values the lower flat (row-major) index comes first, in both orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// MoRF: value descending.
    MostRelevantFirst,
    /// LeRF: value ascending.
    LeastRelevantFirst,
}

impl Order {
    /// The flat indices of all values in this order. Values must not be NaN.
    pub fn sort(self, values: &[f64]) -> Vec<usize> {
        match self {
            Self::MostRelevantFirst => ranks::descending(values),
            Self::LeastRelevantFirst => ranks::ascending(values),
        }
    }
}

/// An order and what is put in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ranking {
    /// Which pixels come first.
    pub order: Order,
    /// What is perturbed as a whole.
    pub units: Units,
}

/// What is perturbed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Units {
    /// Single pixels.
    Pixels,
    /// Squares of this odd side around pixels (the Coherency study's "9x9"). Pixels are visited in order; one that is not
    /// covered yet covers the rows and columns within half a side of it, clipped to the image.
    Regions(usize),
    /// Parts that the image was cut into before, ranked by the map's mean over each; of equal means the lower number first.
    Cells(Cells),
}

/// How an image is cut into parts that do not overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cells {
    /// A grid of so many rows and columns.
    Blocks(usize),
    /// Squares of so many pixels, from the upper left corner; those at the right and the lower edge may be cut.
    Squares(usize),
    /// About so many superpixels of the image.
    Segments(usize),
}

impl Cells {
    /// No more parts than so many, of an image of so many pixels.
    pub fn at_most(self, pixels: usize) -> usize {
        match self {
            Self::Blocks(count) => count.saturating_mul(count).min(pixels),
            Self::Squares(side) => pixels.div_ceil(side.max(1)),
            Self::Segments(count) => count.saturating_mul(2).min(pixels),
        }
    }
}

/// A map's pixels in the order of a [`Ranking`].
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// For each pixel the number of pixels that are perturbed before it; exact in `f32` up to 2^24 pixels.
    pub ranks: Vec<f32>,
    /// The sum of the map over the first pixels: none of them, one, two, up to all.
    sums: Vec<f64>,
    /// After each unit the number of pixels covered so far; nothing if the units are single pixels.
    ends: Vec<usize>,
}

impl Ranking {
    /// Single pixels in an order.
    pub fn pixels(order: Order) -> Self {
        Self { order, units: Units::Pixels }
    }

    /// Ranks the pixels of a map; `cells` has for each pixel the number of its cell, from 0 without gaps, if the units are
    /// cells.
    pub fn rank(self, map: &Map, cells: &[u32]) -> Ranked {
        let (ranks, ends) = match self.units {
            Units::Pixels => (places(&self.order.sort(map.values())), Vec::new()),
            Units::Regions(side) => cover(&self.order.sort(map.values()), map.size(), side / 2),
            Units::Cells(_) => cell_by_cell(self.order, map.values(), cells),
        };
        Ranked { sums: sums(&ranks, map.values()), ranks, ends }
    }
}

impl Ranked {
    /// The number of pixels in the fewest whole units that cover at least `pixels` of them.
    pub fn cover(&self, pixels: usize) -> usize {
        if pixels == 0 || self.ends.is_empty() {
            return pixels;
        }
        let last = self.ends.len() - 1;
        self.ends[self.ends.partition_point(|&end| end < pixels).min(last)]
    }

    /// The sum of the map over pixels from one place to another in the order.
    pub fn sum(&self, places: Range<usize>) -> f64 {
        self.sums[places.end] - self.sums[places.start]
    }

    /// After each unit the number of pixels covered so far; nothing if the units are single pixels.
    pub fn ends(&self) -> &[usize] {
        &self.ends
    }
}

/// Ranks in which every cell is whole, by the mean of the values in it, and how many pixels are covered after each.
fn cell_by_cell(order: Order, values: &[f64], cells: &[u32]) -> (Vec<f32>, Vec<usize>) {
    let count = cells.iter().max().map_or(0, |&last| last as usize + 1);
    let (mut sums, mut sizes) = (vec![0.0; count], vec![0_usize; count]);
    for (&cell, value) in cells.iter().zip(values) {
        sums[cell as usize] += value;
        sizes[cell as usize] += 1;
    }
    let means: Vec<f64> = sums.iter().zip(&sizes).map(|(sum, &size)| sum / size.max(1) as f64).collect();
    let (mut starts, mut ends, mut covered) = (vec![0; count], Vec::with_capacity(count), 0);
    for cell in order.sort(&means) {
        starts[cell] = covered;
        covered += sizes[cell];
        ends.push(covered);
    }
    let mut next = starts;
    let rank = |&cell: &u32| {
        let rank = next[cell as usize];
        next[cell as usize] += 1;
        rank as f32
    };
    (cells.iter().map(rank).collect(), ends)
}

/// Sums of values in the order of their ranks.
fn sums(ranks: &[f32], values: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; values.len() + 1];
    for (rank, value) in ranks.iter().zip(values) {
        sums[*rank as usize + 1] = *value;
    }
    let mut sum = 0.0;
    for value in &mut sums {
        sum += *value;
        *value = sum;
    }
    sums
}

/// The place of each pixel in an order of flat indices.
fn places(order: &[usize]) -> Vec<f32> {
    let mut places = vec![0.0; order.len()];
    for (place, &pixel) in order.iter().enumerate() {
        places[pixel] = place as f32;
    }
    places
}

/// Ranks in which every region that is opened is covered before the next one, and how many are covered after each.
fn cover(order: &[usize], [height, width]: [usize; 2], reach: usize) -> (Vec<f32>, Vec<usize>) {
    const OPEN: f32 = -1.0;
    let mut ranks = vec![OPEN; order.len()];
    let (mut covered, mut ends) = (0, Vec::new());
    for &pixel in order {
        if ranks[pixel] != OPEN {
            continue;
        }
        let (row, column) = (pixel / width, pixel % width);
        let columns = column.saturating_sub(reach)..(column + reach + 1).min(width);
        for row in row.saturating_sub(reach)..(row + reach + 1).min(height) {
            for rank in ranks[row * width..][columns.clone()].iter_mut().filter(|rank| **rank == OPEN) {
                *rank = covered as f32;
                covered += 1;
            }
        }
        ends.push(covered);
    }
    (ranks, ends)
}

#[cfg(test)]
mod tests {
    use super::Order::{LeastRelevantFirst, MostRelevantFirst};
    use super::*;

    #[test]
    fn equal_values_keep_the_order_of_their_indices() {
        let values = [0.5, -2.0, 0.0, 0.5, -0.0, 3.0, -2.0];
        assert_eq!(MostRelevantFirst.sort(&values), [5, 0, 3, 2, 4, 1, 6]);
        assert_eq!(LeastRelevantFirst.sort(&values), [1, 6, 2, 4, 0, 3, 5]);
    }

    #[test]
    fn sorting_keys_agrees_with_a_stable_sort() {
        let values: Vec<f64> = (0..5000_u32).map(|i| (f64::from(i * 7919 % 601) - 300.0) / 7.0).collect();
        let mut slow: Vec<usize> = (0..5000).collect();
        slow.sort_by(|&a, &b| values[b].partial_cmp(&values[a]).unwrap());
        assert_eq!(MostRelevantFirst.sort(&values), slow);
        let negative: Vec<f64> = values.iter().map(|value| -value).collect();
        assert_eq!(LeastRelevantFirst.sort(&negative), slow);
    }

    /// The second and the third are one number in single precision.
    #[test]
    fn doubles_are_ordered_as_doubles() {
        let values = [1.0, 1.0 + 1e-12, 1.0 + 2e-12, 1e300, -1e300];
        assert_eq!(MostRelevantFirst.sort(&values), [3, 2, 1, 0, 4]);
        assert_eq!(LeastRelevantFirst.sort(&values), [4, 0, 1, 2, 3]);
    }

    #[test]
    fn regions_are_covered_whole_and_clipped() {
        // The peak stands in the corner, the second pixel inside its region, the third outside; then zeros by index.
        let mut values = vec![0.0; 16];
        (values[0], values[5], values[10]) = (3.0, 2.0, 1.0);
        let map = Map::from_plane([4, 4], values).unwrap();
        let ranked = Ranking { order: MostRelevantFirst, units: Units::Regions(3) }.rank(&map, &[]);
        #[rustfmt::skip]
        let expected = [
            0.0, 1.0, 12.0, 13.0,
            2.0, 3.0, 4.0, 5.0,
            14.0, 6.0, 7.0, 8.0,
            15.0, 9.0, 10.0, 11.0,
        ];
        assert_eq!(ranked.ranks, expected);
        assert_eq!(ranked.ends, [4, 12, 14, 16]);
        assert_eq!([0, 1, 4, 5, 12, 15, 16].map(|k| ranked.cover(k)), [0, 4, 4, 12, 12, 16, 16]);
    }

    #[test]
    fn cells_are_whole_and_ordered_by_their_mean() {
        let map = Map::from_plane([2, 3], vec![1.0, 5.0, 2.0, 3.0, 1.0, 2.0]).unwrap();
        // Means 2, 3 and 2: of the equal ones the first cell goes first.
        let cells = [0, 1, 2, 0, 1, 2];
        let rank = |order| Ranking { order, units: Units::Cells(Cells::Squares(1)) }.rank(&map, &cells);
        let ranked = rank(MostRelevantFirst);
        assert_eq!(ranked.ranks, [2.0, 0.0, 4.0, 3.0, 1.0, 5.0]);
        assert_eq!((ranked.ends(), ranked.cover(3)), (&[2, 4, 6][..], 4));
        assert_eq!(ranked.sums, [0.0, 5.0, 6.0, 7.0, 10.0, 12.0, 14.0]);
        assert_eq!(rank(LeastRelevantFirst).ranks, [0.0, 4.0, 2.0, 1.0, 5.0, 3.0]);
    }

    #[test]
    fn single_pixels_are_their_own_regions() {
        let map = Map::from_plane([1, 3], vec![1.0, 3.0, 2.0]).unwrap();
        let ranked = Ranking::pixels(MostRelevantFirst).rank(&map, &[]);
        assert_eq!((ranked.ranks.as_slice(), ranked.cover(2)), (&[2.0, 0.0, 1.0][..], 2));
        assert_eq!(ranked.sums, [0.0, 3.0, 5.0, 6.0]);
        assert_eq!([0..0, 0..2, 1..3, 3..3].map(|places| ranked.sum(places)), [0.0, 5.0, 3.0, 0.0]);
    }
}
