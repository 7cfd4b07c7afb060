//! The maps and the object that the test vectors of the catalogue of metrics are made of: 8 x 8, row i, column j, n = 8 i + j.

use maps::{Map, Mask};

use crate::metric::tests::placed;
use crate::{Measured, Truth};

/// The value of a pixel by n, i and j.
pub type Values = fn(f64, f64, f64) -> f64;

/// 64 values, none twice.
pub const A: Values = |n, _, _| (7.0 * n + 2.0) % 67.0 / 67.0;
/// The same with both signs.
pub const S: Values = |n, _, _| (7.0 * n + 2.0) % 67.0 / 67.0 - 0.3;
/// Other values, none twice.
pub const B: Values = |n, _, _| (11.0 * n + 5.0) % 71.0 / 71.0;
/// Seven values, each several times.
pub const T: Values = |_, i, j| (3.0 * i + 5.0 * j) % 7.0 / 7.0;
/// Two blobs.
pub const BLOBS: Values = |_, i, j| {
    (-((i - 3.0).powi(2) + (j - 4.0).powi(2)) / 6.0).exp()
        + 0.6 * (-((i - 6.0).powi(2) + (j - 1.0).powi(2)) / 1.5).exp()
};

pub fn map(values: Values) -> Map {
    let value = |n: u32| values(f64::from(n), f64::from(n / 8), f64::from(n % 8));
    Map::from_plane([8, 8], (0..64).map(value).collect()).unwrap()
}

pub fn row(values: &[f64]) -> Map {
    Map::from_plane([1, values.len()], values.to_vec()).unwrap()
}

/// Boxes within a map.
pub fn boxes(text: &str, map: &Map) -> Truth {
    Truth::of_boxes(&text.parse().unwrap(), map.size()).unwrap()
}

/// Rows 2 to 5 and columns 3 to 6.
pub fn object() -> Truth {
    boxes("3 2 7 6", &map(A))
}

/// A mask of 8 x 8 without a pixel.
pub fn empty() -> Truth {
    Truth::of_mask(Mask::new([8, 8], vec![false; 64]).unwrap(), None, [8, 8]).unwrap()
}

/// A metric of a map and the object.
pub fn of(spec: &str, map: &Map) -> Measured {
    placed(spec, map, &object())
}

#[track_caller]
pub fn close(measured: Measured, expected: f64, tolerance: f64) {
    let value = measured.unwrap();
    assert!((value - expected).abs() <= tolerance, "{value}, where {expected} is expected");
}
