//! A saliency map: one relevance for each pixel.

/// Why an array cannot be used as a map.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MapError {
    /// Neither (H,W) nor (C,H,W), or the values do not fill it.
    #[error("{values} values of shape {shape:?} are no map: (H,W) or (C,H,W) is needed")]
    Shape {
        /// The lengths of the axes.
        shape: Vec<usize>,
        /// The number of values.
        values: usize,
    },
    /// A pixel without an order among the others.
    #[error("the map is {value} at row {row}, column {column}")]
    NotFinite {
        /// Row of the first such pixel.
        row: usize,
        /// Its column.
        column: usize,
        /// NaN or an infinity.
        value: f32,
    },
}

/// A finite relevance for each pixel, row after row.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    size: [usize; 2],
    values: Vec<f32>,
}

impl Map {
    /// Takes a map of shape (H,W), or the sum over the channels of one of shape (C,H,W).
    ///
    /// # Errors
    /// If the shape is another one, or if a sum is NaN or infinite.
    pub fn new(shape: &[usize], values: Vec<f32>) -> Result<Self, MapError> {
        let wrong = || MapError::Shape { shape: shape.to_vec(), values: values.len() };
        let size = match *shape {
            [height, width] | [_, height, width] => [height, width],
            _ => return Err(wrong()),
        };
        let product = shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
        if product != Some(values.len()) || values.is_empty() {
            return Err(wrong());
        }
        let map = Self { size, values: sum_channels(values, size[0] * size[1]) };
        map.check()?;
        Ok(map)
    }

    fn check(&self) -> Result<(), MapError> {
        match self.values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(at) => {
                let (row, column) = (at / self.size[1], at % self.size[1]);
                Err(MapError::NotFinite { row, column, value: self.values[at] })
            }
        }
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
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values moved to 0..1 by (m - min) / (max - min); a constant map becomes 0.
    pub fn normalised(&self) -> Vec<f32> {
        let low = self.values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = self.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (low, range) = (f64::from(low), f64::from(high) - f64::from(low));
        let scaled = |&value: &f32| ((f64::from(value) - low) / range) as f32;
        if range == 0.0 { vec![0.0; self.pixels()] } else { self.values.iter().map(scaled).collect() }
    }

    /// The number of pixels at or above the `percentile` of the map, which is that of NumPy: linear interpolation.
    pub fn count_from(&self, percentile: f64) -> usize {
        let values: Vec<f64> = self.values.iter().copied().map(f64::from).collect();
        let threshold = stats::summary::quantile(&values, percentile / 100.0);
        values.iter().filter(|&&value| value >= threshold).count()
    }
}

fn sum_channels(values: Vec<f32>, pixels: usize) -> Vec<f32> {
    if values.len() == pixels {
        return values;
    }
    let sum = |pixel: usize| values[pixel..].iter().step_by(pixels).copied().map(f64::from).sum::<f64>();
    (0..pixels).map(|pixel| sum(pixel) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_summed() {
        let map = Map::new(&[3, 1, 2], vec![1.0, 2.0, 10.0, 20.0, 100.0, 200.0]).unwrap();
        assert_eq!((map.size(), map.values()), ([1, 2], &[111.0, 222.0][..]));
    }

    #[test]
    fn a_map_that_cannot_be_ordered_is_an_error() {
        let error = Map::new(&[2, 2], vec![0.0, 1.0, f32::NAN, 2.0]).unwrap_err();
        assert_eq!(error.to_string(), "the map is NaN at row 1, column 0");
        assert!(Map::new(&[2, 1, 1], vec![f32::MAX; 2]).is_err());
        for (shape, values) in [(&[4][..], 4), (&[2, 2], 3), (&[0, 3], 0), (&[usize::MAX, 2, 2], 4)] {
            assert!(matches!(Map::new(shape, vec![0.0; values]), Err(MapError::Shape { .. })), "{shape:?}");
        }
    }

    #[test]
    fn a_constant_map_normalises_to_zero() {
        let map = |values: Vec<f32>| Map::new(&[1, values.len()], values).unwrap();
        assert_eq!(map(vec![3.0; 4]).normalised(), [0.0; 4]);
        assert_eq!(map(vec![-1.0, 0.0, 1.0]).normalised(), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn the_threshold_itself_is_counted() {
        let map = Map::new(&[1, 5], vec![0.0, 4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!([0.0, 50.0, 75.0, 76.0, 100.0].map(|q| map.count_from(q)), [5, 3, 2, 1, 1]);
        let ties = Map::new(&[1, 4], vec![0.0, 0.0, 0.0, 1.0]).unwrap();
        assert_eq!(ties.count_from(50.0), 4);
    }
}
