//! What is measured on a map alone, where it is known where the object lies.

use pipe::npy::Array;
use pipe::{BoundingBox, Boxes};

use crate::curve::Measured;

/// Reads a number of pixels from the command line.
///
/// # Errors
///
/// If it is no such number.
pub fn tolerance(text: &str) -> Result<f64, &'static str> {
    let pixels = text.parse().unwrap_or(f64::NAN);
    if (0.0..f64::INFINITY).contains(&pixels) {
        Ok(pixels)
    } else {
        Err("a number of pixels, 0 or more, is needed")
    }
}

/// A map without channels.
pub struct Map {
    width: usize,
    values: Vec<f64>,
}

impl Map {
    /// Sums over the channels, if there are any.
    ///
    /// # Errors
    ///
    /// If a value is NaN or infinite: no metric is defined then.
    pub fn new(array: &Array) -> Result<Self, String> {
        let (width, pixels) = match array.shape[..] {
            [.., height, width] => (width, height * width),
            _ => (1, 1),
        };
        let mut values = vec![0.0; pixels];
        for channel in array.data.chunks_exact(pixels) {
            for (sum, value) in values.iter_mut().zip(channel) {
                *sum += f64::from(*value);
            }
        }
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(format!("the map holds {value}")),
            None => Ok(Self { width, values }),
        }
    }

    /// Column and row of each value.
    fn pixels(&self) -> impl Iterator<Item = ((f64, f64), f64)> {
        let place = |index| ((index % self.width) as f64, (index / self.width) as f64);
        self.values.iter().enumerate().map(move |(index, value)| (place(index), *value))
    }

    /// 1 if the first of the highest values lies in a box, or not farther from one than the tolerance.
    pub fn pointing(&self, boxes: &Boxes, tolerance: f64) -> f64 {
        let first = ((0.0, 0.0), f64::NEG_INFINITY);
        let (point, _) = self.pixels().fold(first, |best, pixel| if pixel.1 > best.1 { pixel } else { best });
        let hit = boxes.0.iter().any(|area| distance(area, point) <= tolerance);
        f64::from(u8::from(hit))
    }

    /// Share of the positive values that lies in the boxes, however many of them hold a pixel.
    ///
    /// # Errors
    ///
    /// If no value is positive.
    pub fn energy(&self, boxes: &Boxes) -> Measured {
        let (mut inside, mut all) = (0.0, 0.0);
        for (point, value) in self.pixels().filter(|(_, value)| *value > 0.0) {
            all += value;
            if boxes.0.iter().any(|area| distance(area, point) == 0.0) {
                inside += value;
            }
        }
        if all > 0.0 { Ok(inside / all) } else { Err("no value of the map is positive".to_owned()) }
    }
}

/// From a pixel to the nearest pixel that overlaps the box; 0 inside.
fn distance(area: &BoundingBox, (x, y): (f64, f64)) -> f64 {
    let outside = |low: f64, high: f64, at: f64| (low.floor() - at).max(at - (high.ceil() - 1.0)).max(0.0);
    outside(area.x0, area.x1, x).hypot(outside(area.y0, area.y1, y))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(text: &str) -> Boxes {
        text.parse().unwrap()
    }

    fn map(shape: &[usize], data: &[f32]) -> Map {
        Map::new(&Array { shape: shape.to_vec(), data: data.to_vec() }).unwrap()
    }

    /// A map of 10 rows and 20 columns with one positive pixel.
    fn point(x: usize, y: usize) -> Map {
        let mut data = vec![0.0; 200];
        data[y * 20 + x] = 1.0;
        map(&[10, 20], &data)
    }

    #[test]
    fn the_pixels_of_a_box_are_those_that_it_overlaps() {
        for (x, y, hit) in
            [(4, 2, true), (8, 5, true), (9, 5, false), (8, 6, false), (3, 2, false), (4, 1, false)]
        {
            assert_eq!(point(x, y).pointing(&boxes("4 2 9 6"), 0.0), f64::from(u8::from(hit)), "{x} {y}");
            assert_eq!(point(x, y).energy(&boxes("4 2 9 6")), Ok(f64::from(u8::from(hit))), "{x} {y}");
        }
        assert_eq!(point(4, 2).pointing(&boxes("4.9 2.9 5 3"), 0.0), 1.0);
        assert_eq!(point(5, 2).pointing(&boxes("4 2 5.1 3"), 0.0), 1.0);
        assert_eq!(point(5, 2).pointing(&boxes("0 0 1 1;5 2 6 3"), 0.0), 1.0);
    }

    #[test]
    fn the_tolerance_is_a_distance() {
        let square = boxes("4 2 9 6");
        assert_eq!(point(11, 9).pointing(&square, 4.9), 0.0);
        assert_eq!(point(11, 9).pointing(&square, 5.0), 1.0);
        assert_eq!(point(1, 3).pointing(&square, 3.0), 1.0);
    }

    #[test]
    fn the_first_of_equal_values_is_the_point() {
        let flat = map(&[2, 3], &[-1.0; 6]);
        assert_eq!(flat.pointing(&boxes("0 0 1 1"), 0.0), 1.0);
        assert_eq!(flat.pointing(&boxes("1 0 3 2"), 0.0), 0.0);
        assert_eq!(flat.energy(&boxes("0 0 1 1")), Err("no value of the map is positive".to_owned()));
    }

    #[test]
    fn energy_counts_a_pixel_once_and_negative_values_never() {
        let map = map(&[2, 3], &[1.0, 2.0, -5.0, 3.0, 0.0, 4.0]);
        assert_eq!(map.energy(&boxes("0 0 2 1;1 0 3 1")), Ok(0.3));
        assert_eq!(map.energy(&boxes("7 7 8 8")), Ok(0.0));
        assert_eq!(map.energy(&boxes("-1 -1 9 9")), Ok(1.0));
    }

    #[test]
    fn channels_are_summed_first() {
        let map = map(&[2, 1, 3], &[1.0, 0.0, 0.0, -1.0, 2.0, 3.0]);
        assert_eq!(map.pointing(&boxes("2 0 3 1"), 0.0), 1.0);
        assert_eq!(map.energy(&boxes("1 0 2 1")), Ok(0.4));
    }
}
