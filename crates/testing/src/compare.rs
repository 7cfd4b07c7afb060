//! Comparing numbers that need not be equal to the last digit.

use std::path::Path;

use pipe::npy::{self, Array};

/// The cells of some columns, row by row.
pub fn columns(table: &str, names: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().expect("a table has a header").clone();
    let place = |name: &&str| {
        header.iter().position(|cell| cell == *name).unwrap_or_else(|| panic!("there is no column {name}"))
    };
    let places: Vec<usize> = names.iter().map(place).collect();
    let row = |record: csv::StringRecord| places.iter().map(|&place| record[place].to_owned()).collect();
    reader.records().map(|record| row(record.expect("a row is as long as the header"))).collect()
}

/// How far an array may be from the expected one; both limits hold.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Largest difference of two values.
    pub max_abs: f64,
    /// Norm of the difference over the norm of what is expected.
    pub relative_l2: f64,
}

impl Tolerance {
    /// Both limits.
    pub const fn new(max_abs: f64, relative_l2: f64) -> Self {
        Self { max_abs, relative_l2 }
    }
}

/// Compares values; the text says how far apart they are and where. NaN equals NaN only.
///
/// # Errors
///
/// If they are further apart than the tolerance, or not equally many.
pub fn close(actual: &[f32], expected: &[f32], tolerance: Tolerance) -> Result<(), String> {
    if actual.len() != expected.len() {
        return Err(format!("{} values, where {} are expected", actual.len(), expected.len()));
    }
    let (mut worst, mut place, mut square, mut norm) = (0.0_f64, 0, 0.0_f64, 0.0_f64);
    for (index, (a, e)) in actual.iter().zip(expected).enumerate() {
        let difference = difference(f64::from(*a), f64::from(*e));
        if difference > worst {
            (worst, place) = (difference, index);
        }
        square += difference * difference;
        norm += if e.is_finite() { f64::from(*e) * f64::from(*e) } else { 0.0 };
    }
    let relative = if square == 0.0 { 0.0 } else { (square / norm).sqrt() };
    if worst <= tolerance.max_abs && relative <= tolerance.relative_l2 {
        return Ok(());
    }
    let (a, e) = (actual[place], expected[place]);
    Err(format!(
        "max abs {worst:e} (value {place} is {a:e}, expected {e:e}), relative L2 {relative:e}; {tolerance:?}"
    ))
}

fn difference(actual: f64, expected: f64) -> f64 {
    if actual == expected || (actual.is_nan() && expected.is_nan()) {
        return 0.0;
    }
    let difference = (actual - expected).abs();
    if difference.is_nan() { f64::INFINITY } else { difference }
}

/// Checks that values are close.
#[track_caller]
pub fn assert_close(actual: &[f32], expected: &[f32], tolerance: Tolerance) {
    if let Err(message) = close(actual, expected, tolerance) {
        panic!("{message}");
    }
}

/// Checks that two arrays have one shape and close values.
#[track_caller]
pub fn assert_arrays(actual: &Array, expected: &Array, tolerance: Tolerance) {
    assert_eq!(actual.shape, expected.shape, "shapes differ");
    assert_close(&actual.data, &expected.data, tolerance);
}

/// Checks that two `.npy` files have one shape and close values.
#[track_caller]
pub fn assert_npy(actual: &Path, expected: &Path, tolerance: Tolerance) {
    let read =
        |path: &Path| npy::read_file(path).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
    assert_arrays(&read(actual), &read(expected), tolerance);
}

/// Compares tables: text is equal; numbers differ by at most `tolerance`, times the expected number if that is above 1.
///
/// # Errors
///
/// If they differ; the text says in which row and column.
pub fn csv_close(actual: &str, expected: &str, tolerance: f64) -> Result<(), String> {
    let (actual, expected) = (records(actual)?, records(expected)?);
    for (index, (a, e)) in actual.iter().zip(&expected).enumerate() {
        if a.len() != e.len() {
            return Err(format!("line {}: {a:?}, expected {e:?}", index + 1));
        }
        if let Some(column) = (0..a.len()).find(|column| !cells_close(&a[*column], &e[*column], tolerance)) {
            let name = expected[0].get(column).unwrap_or_default();
            return Err(format!("line {}, `{name}`: {:?}, expected {:?}", index + 1, &a[column], &e[column]));
        }
    }
    if actual.len() == expected.len() {
        return Ok(());
    }
    Err(format!("{} lines, where {} are expected", actual.len(), expected.len()))
}

/// Checks that two tables are close.
#[track_caller]
pub fn assert_csv(actual: &str, expected: &str, tolerance: f64) {
    if let Err(message) = csv_close(actual, expected, tolerance) {
        panic!("{message}\nactual:\n{actual}");
    }
}

fn records(text: &str) -> Result<Vec<csv::StringRecord>, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.records().collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn cells_close(actual: &str, expected: &str, tolerance: f64) -> bool {
    let (Ok(a), Ok(e)) = (actual.parse::<f64>(), expected.parse::<f64>()) else { return actual == expected };
    difference(a, e) <= tolerance * e.abs().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXACT: Tolerance = Tolerance::new(0.0, 0.0);

    #[test]
    fn both_limits_hold() {
        let expected = [3.0, 4.0];
        assert!(close(&[3.0, 4.5], &expected, Tolerance::new(0.5, 0.1)).is_ok());
        assert!(close(&[3.0, 4.5], &expected, Tolerance::new(0.4, 1.0)).is_err());
        assert!(close(&[3.0, 4.5], &expected, Tolerance::new(1.0, 0.09)).is_err());
    }

    #[test]
    fn special_values_equal_only_themselves() {
        let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0];
        assert!(close(&special, &special, EXACT).is_ok());
        let wide = Tolerance::new(1e30, 1e30);
        assert!(close(&[0.0], &[f32::NAN], wide).is_err());
        assert!(close(&[f32::NAN], &[0.0], wide).is_err());
        assert!(close(&[f32::INFINITY], &[f32::NEG_INFINITY], wide).is_err());
        assert!(close(&[1.0], &[0.0], Tolerance::new(2.0, 0.5)).is_err());
        assert!(close(&[], &[1.0], wide).is_err());
    }

    #[test]
    fn tables_differ_by_text_number_and_length() {
        let table = "image,value\na,1.0\nb,NaN\n";
        assert_eq!(csv_close("image,value\na,1.0000001\nb,nan\n", table, 1e-6), Ok(()));
        let message = csv_close("image,value\na,1.1\nb,NaN\n", table, 1e-6).unwrap_err();
        assert_eq!(message, "line 2, `value`: \"1.1\", expected \"1.0\"");
        assert!(csv_close("image,value\nc,1.0\nb,NaN\n", table, 1e-6).is_err());
        assert!(csv_close("image,value\na,1.0\n", table, 1e-6).is_err());
        assert!(csv_close("image,value\na,1.0\nb\n", table, 1e-6).is_err());
    }
}
