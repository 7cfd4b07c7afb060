//! One map as it is drawn: without channels, with a scale.

use pipe::npy::Array;

/// A map without channels, all of whose values are finite.
pub struct Map {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// The values, row by row.
    pub values: Vec<f64>,
}

impl Map {
    /// Sums over the channels, if there are any.
    ///
    /// # Errors
    ///
    /// If a value is NaN or infinite: it has no colour.
    pub fn new(array: &Array) -> Result<Self, String> {
        let [.., height, width] = array.shape[..] else {
            return Err(format!("an array with {} axes is no map", array.shape.len()));
        };
        let mut values = vec![0.0; height * width];
        for channel in array.data.chunks_exact(values.len().max(1)) {
            for (sum, value) in values.iter_mut().zip(channel) {
                *sum += f64::from(*value);
            }
        }
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(format!("the map holds {value}")),
            None => Ok(Self { height, width, values }),
        }
    }

    /// Whether any value is negative.
    pub fn is_signed(&self) -> bool {
        self.values.iter().any(|value| *value < 0.0)
    }

    /// A scale whose middle is zero, and whose ends are the percentile of the magnitudes.
    pub fn centred(&self, percentile: f64) -> Scale {
        let magnitudes: Vec<f64> = self.values.iter().map(|value| value.abs()).collect();
        let end = upper(&magnitudes, 0.0, percentile);
        Scale { low: -end, high: end }
    }

    /// A scale from the least value to the percentile.
    pub fn spread(&self, percentile: f64) -> Scale {
        let least = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        Scale { low: least, high: upper(&self.values, least, percentile) }
    }
}

/// The percentile, or the greatest value where the percentile is no more than `low`.
fn upper(values: &[f64], low: f64, percentile: f64) -> f64 {
    let end = stats::summary::quantile(values, percentile / 100.0);
    if end > low { end } else { values.iter().copied().fold(low, f64::max) }
}

/// Which values become 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The value that becomes 0.
    pub low: f64,
    /// The value that becomes 1.
    pub high: f64,
}

impl Scale {
    /// Where a value lies from 0 to 1. Where both ends are one value, the middle of a centred scale, else 0.
    pub fn at(&self, value: f64) -> f64 {
        let Self { low, high } = *self;
        if low < high {
            return ((value - low) / (high - low)).clamp(0.0, 1.0);
        }
        // Only a map of zeros has a centred scale without length.
        if low == 0.0 && low.is_sign_negative() { 0.5 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(shape: &[usize], data: &[f32]) -> Map {
        Map::new(&Array { shape: shape.to_vec(), data: data.to_vec() }).unwrap()
    }

    #[test]
    fn channels_are_summed() {
        let map = map(&[2, 1, 3], &[1.0, 2.0, 3.0, 10.0, 20.0, -30.0]);
        assert_eq!((map.height, map.width), (1, 3));
        assert_eq!(map.values, [11.0, 22.0, -27.0]);
    }

    #[test]
    fn values_without_a_colour_are_refused() {
        for (value, name) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
            let array = Array { shape: vec![1, 2], data: vec![0.0, value] };
            assert_eq!(Map::new(&array).err(), Some(format!("the map holds {name}")));
        }
    }

    #[test]
    fn the_percentile_is_the_upper_end() {
        // NumPy: percentile([0, 1, 2, 3, 4], 75) = 3; percentile([0, 1, 2, 3, 8], 90) = 3 + 0.6 * 5 = 6.
        assert_eq!(map(&[1, 5], &[4.0, 0.0, 1.0, 3.0, 2.0]).spread(75.0), Scale { low: 0.0, high: 3.0 });
        let scale = map(&[1, 5], &[-8.0, 0.0, 1.0, 3.0, 2.0]).centred(90.0);
        assert!((scale.low + 6.0).abs() < 1e-12 && (scale.high - 6.0).abs() < 1e-12, "{scale:?}");
        assert_eq!(scale.at(0.0), 0.5);
        assert_eq!(scale.at(-8.0), 0.0);
    }

    #[test]
    fn a_map_of_one_pixel_is_not_clipped_away() {
        let mut data = [0.0; 400];
        data[7] = 2.0;
        assert_eq!(map(&[20, 20], &data).spread(99.0), Scale { low: 0.0, high: 2.0 });
        data[7] = -2.0;
        assert_eq!(map(&[20, 20], &data).centred(99.0), Scale { low: -2.0, high: 2.0 });
    }

    #[test]
    fn a_constant_map_has_one_place() {
        for (value, spread, centred) in [(0.0, 0.0, 0.5), (3.0, 0.0, 1.0), (-3.0, 0.0, 0.0)] {
            let map = map(&[2, 2], &[value; 4]);
            assert_eq!(map.spread(99.0).at(value.into()), spread);
            assert_eq!(map.centred(99.0).at(value.into()), centred);
        }
    }
}
