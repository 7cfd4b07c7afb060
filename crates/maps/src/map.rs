//! The map itself.

use stats::summary::quantile;

use crate::{MapError, Reduce, Sign};

/// A finite relevance for each pixel of an image, row after row. The values are doubles: two that differ in a file have an
/// order, and of single ones nothing changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    size: [usize; 2],
    values: Vec<f64>,
}

/// Which of equal values a percentile selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// The first by index, and no more of them than the share that was asked for.
    Index,
    /// All that are as high as the percentile: of a map that is zero nearly everywhere, every pixel.
    All,
}

impl Map {
    /// Takes an array as one map: (H,W), (1,H,W) or (H,W,1), or the sum over the channels of (C,H,W), where C is the
    /// number of `channels` of the network's input. A first axis of C or 1 is channels, whatever the last axis is.
    ///
    /// # Errors
    /// If the shape is another one, the values do not fill it, or a value or a sum is NaN or infinite.
    pub fn new<T: Copy + Into<f64>>(
        shape: &[usize],
        values: Vec<T>,
        channels: usize,
    ) -> Result<Self, MapError> {
        Self::reduced(shape, values, channels, Reduce::Sum)
    }

    /// As [`Map::new`], with channels joined by `reduce`; a single channel stays as it is.
    ///
    /// # Errors
    /// As [`Map::new`].
    pub fn reduced<T: Copy + Into<f64>>(
        shape: &[usize],
        values: Vec<T>,
        channels: usize,
        reduce: Reduce,
    ) -> Result<Self, MapError> {
        let size = plane(shape, channels).ok_or_else(|| MapError::shape(shape, channels))?;
        let all = shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
        if all != Some(values.len()) {
            return Err(MapError::Length { shape: shape.to_vec(), values: values.len() });
        }
        let values: Vec<f64> = values.into_iter().map(Into::into).collect();
        check(&values, size)?;
        Self::from_plane(size, reduce.apply(values, size[0] * size[1]))
    }

    /// Takes the values of a map of `size` (height, width) without channels.
    ///
    /// # Errors
    /// If the values do not fill it, there are none, or one is NaN or infinite.
    pub fn from_plane<T: Copy + Into<f64>>(size: [usize; 2], values: Vec<T>) -> Result<Self, MapError> {
        if values.is_empty() || size[0].checked_mul(size[1]) != Some(values.len()) {
            return Err(MapError::Length { shape: size.to_vec(), values: values.len() });
        }
        let values: Vec<f64> = values.into_iter().map(Into::into).collect();
        check(&values, size)?;
        Ok(Self { size, values })
    }

    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// The number of pixels.
    pub fn pixels(&self) -> usize {
        self.values.len()
    }

    /// The values, row after row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The map under the part of its values that counts.
    #[must_use]
    pub fn signed(mut self, sign: Sign) -> Self {
        for value in &mut self.values {
            *value = sign.part(*value);
        }
        self
    }

    /// The values moved to 0..1 by (m - min) / (max - min); a constant map becomes 0.
    pub fn normalised(&self) -> Vec<f32> {
        let (low, high) = self.range();
        if low == high {
            return vec![0.0; self.pixels()];
        }
        // Half of each leaves the quotient what it is, and no difference overflows.
        let range = high / 2.0 - low / 2.0;
        let scaled = |&value: &f64| ((value / 2.0 - low / 2.0) / range) as f32;
        self.values.iter().map(scaled).collect()
    }

    /// The least and the greatest value.
    pub fn range(&self) -> (f64, f64) {
        let least = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        (least, self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }

    /// Whether all pixels have one value, so that the map prefers none.
    pub fn is_constant(&self) -> bool {
        self.values.iter().all(|&value| value == self.values[0])
    }

    /// Whether any value is negative.
    pub fn is_signed(&self) -> bool {
        self.values.iter().any(|&value| value < 0.0)
    }

    /// Row and column of the first of the highest values.
    pub fn peak(&self) -> [usize; 2] {
        let first = |best, at: usize| if self.values[at] > self.values[best] { at } else { best };
        let at = (1..self.pixels()).fold(0, first);
        [at / self.size[1], at % self.size[1]]
    }

    /// A percentile of the values, from 0 to 100, as NumPy's: linear between order statistics.
    pub fn percentile(&self, percentile: f64) -> f64 {
        quantile(&self.values, percentile / 100.0)
    }

    /// The number of pixels that the `percentile` of the map selects: with [`Ties::All`] those at or above it, else no more of
    /// them than `100 - percentile` per cent of the map, but one.
    pub fn count_from(&self, percentile: f64, ties: Ties) -> usize {
        let threshold = self.percentile(percentile);
        let count = self.values.iter().filter(|&&value| value >= threshold).count();
        if ties == Ties::All {
            return count;
        }
        // A whole number of pixels may be missed by a rounding.
        let share = (100.0 - percentile) / 100.0 * self.pixels() as f64;
        count.min((share + 1e-6) as usize).max(1)
    }
}

/// Height and width of an array that is one map.
fn plane(shape: &[usize], channels: usize) -> Option<[usize; 2]> {
    match *shape {
        _ if shape.contains(&0) => None,
        [planes, height, width] if planes == 1 || planes == channels => Some([height, width]),
        [height, width] | [height, width, 1] => Some([height, width]),
        _ => None,
    }
}

/// Refuses values without an order among the others; planes follow one another.
fn check(values: &[f64], [height, width]: [usize; 2]) -> Result<(), MapError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let pixel = at % (height * width);
            Err(MapError::NotFinite { row: pixel / width, column: pixel % width, value: values[at] })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[f32]) -> Map {
        Map::from_plane([1, values.len()], values.to_vec()).unwrap()
    }

    fn refused(shape: &[usize]) -> String {
        Map::new(shape, vec![0.0; shape.iter().product()], 3).unwrap_err().to_string()
    }

    #[test]
    fn one_map_has_these_shapes() {
        let shapes: [(&[usize], [usize; 2]); 6] = [
            (&[2, 4], [2, 4]),
            (&[1, 2, 4], [2, 4]),
            (&[3, 2, 4], [2, 4]),
            (&[2, 4, 1], [2, 4]),
            (&[3, 2, 1], [2, 1]),
            (&[1, 1, 1], [1, 1]),
        ];
        for (shape, size) in shapes {
            let map = Map::new(shape, vec![1.0; shape.iter().product()], 3).unwrap();
            assert_eq!((map.size(), map.pixels()), (size, size[0] * size[1]), "{shape:?}");
        }
        let grey = Map::new(&[3, 2, 4], vec![0.0; 24], 1);
        assert!(matches!(grey, Err(MapError::Shape { channels: 1, .. })), "{grey:?}");
    }

    #[test]
    fn what_is_no_map_says_what_it_looks_like() {
        let wanted = "a map is (H, W) or (C, H, W), where C is 1 or 3";
        let pack = "looks like a pack whose map_index is lost";
        for (shape, looks) in [
            (&[200, 64, 64][..], format!("(200, 64, 64) {pack}")),
            (&[2, 3, 4, 4], format!("(2, 3, 4, 4) {pack}")),
            (&[1, 3, 4, 4], format!("(1, 3, 4, 4) {pack}")),
            (&[4, 4, 3], "(4, 4, 3) looks like a map whose channels come last".into()),
            (&[9], "(9,) looks like a map without its rows".into()),
            (&[], "() is a single number".into()),
            (&[0, 4], "(0, 4) is empty".into()),
            (&[1, 1, 1, 1, 1], "(1, 1, 1, 1, 1) has too many axes".into()),
        ] {
            assert_eq!(refused(shape), format!("shape {looks}: {wanted}"));
        }
        let error = Map::new(&[2, 2], vec![0.0; 3], 3).unwrap_err().to_string();
        assert_eq!(error, "3 values are not a map of shape (2, 2)");
        assert!(Map::new(&[usize::MAX, 2], vec![0.0; 4], 3).is_err());
        assert!(Map::from_plane([0, 3], Vec::<f64>::new()).is_err());
    }

    #[test]
    fn a_value_that_cannot_be_ordered_is_an_error() {
        let error = Map::new(&[2, 2], vec![0.0, 1.0, f32::NAN, 2.0], 3).unwrap_err();
        assert_eq!(error.to_string(), "the map is NaN at row 1, column 0");
        // In the second channel; then two finite channels whose sum is not.
        let error = Map::new(&[3, 1, 2], vec![0.0, 0.0, 0.0, f32::NEG_INFINITY, 0.0, 0.0], 3).unwrap_err();
        assert_eq!(error.to_string(), "the map is -inf at row 0, column 1");
        assert!(Map::new(&[3, 1, 1], vec![f32::MAX; 3], 3).is_err());
    }

    #[test]
    fn channels_are_summed() {
        let map = Map::new(&[3, 1, 2], vec![1.0, 2.0, 10.0, 20.0, 100.0, -200.0], 3).unwrap();
        assert_eq!((map.size(), map.values()), ([1, 2], &[111.0, -178.0][..]));
    }

    #[test]
    fn a_constant_map_prefers_no_pixel() {
        assert!(row(&[3.0; 4]).is_constant() && row(&[0.0, -0.0]).is_constant());
        assert!(!row(&[3.0, 3.0, 3.5]).is_constant());
        assert_eq!(row(&[3.0; 4]).normalised(), [0.0; 4]);
        assert_eq!(row(&[-1.0, 0.0, 1.0]).normalised(), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn the_peak_is_the_first_of_the_highest() {
        let map = Map::from_plane([2, 3], vec![-5.0, -1.0, -2.0, -1.0, -3.0, -4.0]).unwrap();
        assert_eq!((map.peak(), map.range(), map.is_signed()), ([0, 1], (-5.0, -1.0), true));
        assert_eq!(row(&[0.0, 2.0]).peak(), [0, 1]);
    }

    #[test]
    fn the_threshold_itself_is_counted() {
        let map = row(&[0.0, 4.0, 1.0, 3.0, 2.0]);
        assert_eq!(map.percentile(75.0), 3.0);
        let counts = |ties| [0.0, 50.0, 75.0, 76.0, 100.0].map(|q| map.count_from(q, ties));
        assert_eq!(counts(Ties::All), [5, 3, 2, 1, 1]); // NumPy's `m >= percentile(m, q)`
        assert_eq!(counts(Ties::Index), [5, 2, 1, 1, 1]); // half of five pixels is two of them
    }

    #[test]
    fn no_more_are_selected_than_the_share() {
        let mut sparse = vec![0.0; 1000];
        sparse[990..].copy_from_slice(&[1.0; 10]);
        let (sparse, flat) = (row(&sparse), row(&[0.0; 1000]));
        let count = |map: &Map, ties| [10.0, 50.0, 90.0, 99.5].map(|q| map.count_from(q, ties));
        assert_eq!(count(&sparse, Ties::All), [1000, 1000, 1000, 10]);
        assert_eq!(count(&sparse, Ties::Index), [900, 500, 100, 5]);
        assert_eq!(count(&flat, Ties::Index), [900, 500, 100, 5]);
        // At every share of a map without equal values, and never more than a pixel below the published rule.
        let ramp = row(&(0..1024).map(|i| (i * 7919 % 1024) as f32).collect::<Vec<_>>());
        for thousandth in 0..1000 {
            let q = f64::from(thousandth) / 10.0;
            let (count, published) = (ramp.count_from(q, Ties::Index), ramp.count_from(q, Ties::All));
            assert!(count as f64 <= 1024.0 * (100.0 - q) / 100.0 + 1e-6, "{q}");
            assert!([published, published - 1].contains(&count), "{q}");
        }
    }

    #[test]
    fn a_range_beyond_all_doubles_is_moved_to_0_to_1() {
        let wide = Map::from_plane([1, 3], vec![-1e308, 0.0, 1e308]).unwrap();
        assert_eq!(wide.normalised(), [0.0, 0.5, 1.0]);
        assert!(!Map::from_plane([1, 2], vec![1.0, 1.0 + 1e-12]).unwrap().is_constant());
    }
}
