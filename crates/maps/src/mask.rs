//! Which pixels of an image belong to its object.

use crate::{Map, MapError};

/// A yes or no for each pixel of an image, row after row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    size: [usize; 2],
    inside: Vec<bool>,
}

impl Mask {
    /// Takes the pixels of a mask of `size` (height, width).
    ///
    /// # Errors
    /// If they do not fill it, or there are none.
    pub fn new(size: [usize; 2], inside: Vec<bool>) -> Result<Self, MapError> {
        if inside.is_empty() || size[0].checked_mul(size[1]) != Some(inside.len()) {
            return Err(MapError::Length { shape: size.to_vec(), values: inside.len() });
        }
        Ok(Self { size, inside })
    }

    /// The pixels that are at least half as bright as the brightest one, whether that is 1, 255 or a probability. Where all
    /// are 0 there is no object.
    ///
    /// # Errors
    /// If a value is negative: then half of the brightest means nothing.
    pub fn of(grey: &Map) -> Result<Self, MapError> {
        let [height, width] = grey.size();
        if let Some(at) = grey.values().iter().position(|&value| value < 0.0) {
            return Err(MapError::Negative { row: at / width, column: at % width, value: grey.values()[at] });
        }
        let half = grey.range().1 / 2.0;
        let inside = grey.values().iter().map(|&value| value > 0.0 && value >= half).collect();
        Self::new([height, width], inside)
    }

    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Whether each pixel is inside, row after row.
    pub fn inside(&self) -> &[bool] {
        &self.inside
    }

    /// The number of pixels inside.
    pub fn count(&self) -> usize {
        self.inside.iter().filter(|&&inside| inside).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Result<Vec<bool>, MapError> {
        Mask::of(&Map::from_plane([1, values.len()], values.to_vec()).unwrap()).map(|mask| mask.inside)
    }

    #[test]
    fn the_brighter_half_is_inside_whatever_the_scale() {
        for white in [1.0, 255.0, 0.25, 1e-310] {
            assert_eq!(of(&[0.0, white, 0.5 * white, 0.49 * white]).unwrap(), [false, true, true, false]);
        }
        assert_eq!(of(&[0.0, 0.0]).unwrap(), [false, false]);
        assert_eq!(of(&[7.0, 7.0]).unwrap(), [true, true]);
    }

    #[test]
    fn what_is_no_mask_is_refused() {
        let error = of(&[1.0, 0.0, -1.0]).unwrap_err().to_string();
        assert_eq!(error, "the mask is -1 at row 0, column 2, where 0 is outside and more is inside");
        assert!(Mask::new([2, 2], vec![true; 3]).is_err() && Mask::new([0, 2], Vec::new()).is_err());
        assert_eq!(Mask::new([1, 3], vec![true, false, true]).unwrap().count(), 2);
    }
}
