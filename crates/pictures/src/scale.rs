//! Which values of a map get which end of the colours: for display only.

use maps::{Map, Sign};

/// Which values become 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The value that becomes 0.
    pub low: f64,
    /// The value that becomes 1.
    pub high: f64,
}

impl Scale {
    /// A scale whose middle is zero, and whose ends are the percentile of the map's magnitudes.
    pub fn centred(map: &Map, percentile: f64) -> Self {
        let end = upper(&map.clone().signed(Sign::Magnitude), 0.0, percentile);
        Self { low: -end, high: end }
    }

    /// A scale from the map's least value to its percentile.
    pub fn spread(map: &Map, percentile: f64) -> Self {
        let least = map.range().0;
        Self { low: least, high: upper(map, least, percentile) }
    }

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

/// The percentile, or the greatest value where the percentile is no more than `low`.
fn upper(map: &Map, low: f64, percentile: f64) -> f64 {
    let end = map.percentile(percentile);
    if end > low { end } else { map.range().1.max(low) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: &[f32]) -> Map {
        Map::from_plane([1, values.len()], values.to_vec()).unwrap()
    }

    #[test]
    fn the_percentile_is_the_upper_end() {
        // NumPy: percentile([0, 1, 2, 3, 4], 75) = 3; percentile([0, 1, 2, 3, 8], 90) = 3 + 0.6 * 5 = 6.
        let spread = Scale::spread(&map(&[4.0, 0.0, 1.0, 3.0, 2.0]), 75.0);
        assert_eq!(spread, Scale { low: 0.0, high: 3.0 });
        let scale = Scale::centred(&map(&[-8.0, 0.0, 1.0, 3.0, 2.0]), 90.0);
        assert!((scale.low + 6.0).abs() < 1e-12 && (scale.high - 6.0).abs() < 1e-12, "{scale:?}");
        assert_eq!((scale.at(0.0), scale.at(-8.0)), (0.5, 0.0));
    }

    #[test]
    fn a_map_of_one_pixel_is_not_clipped_away() {
        let mut values = [0.0; 400];
        values[7] = 2.0;
        assert_eq!(Scale::spread(&map(&values), 99.0), Scale { low: 0.0, high: 2.0 });
        values[7] = -2.0;
        assert_eq!(Scale::centred(&map(&values), 99.0), Scale { low: -2.0, high: 2.0 });
    }

    #[test]
    fn a_constant_map_has_one_place() {
        for (value, spread, centred) in [(0.0, 0.0, 0.5), (3.0, 0.0, 1.0), (-3.0, 0.0, 0.0)] {
            let map = map(&[value; 4]);
            assert_eq!(Scale::spread(&map, 99.0).at(value.into()), spread);
            assert_eq!(Scale::centred(&map, 99.0).at(value.into()), centred);
        }
    }
}
