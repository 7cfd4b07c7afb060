//! How the tests read what other packages computed.

use serde::de::DeserializeOwned;

/// NaN is null in JSON.
pub type Number = Option<f64>;

pub fn number(value: Number) -> f64 {
    value.unwrap_or(f64::NAN)
}

pub fn numbers(values: &[Number]) -> Vec<f64> {
    values.iter().copied().map(number).collect()
}

/// The cases of one section of a file.
pub fn cases<T: DeserializeOwned>(text: &str, section: &str) -> Vec<T> {
    let mut all: serde_json::Value = serde_json::from_str(text).unwrap();
    let cases: Vec<T> = serde_json::from_value(all[section].take()).unwrap();
    assert!(!cases.is_empty());
    cases
}

#[track_caller]
pub fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let close =
        (found - expected).abs() <= tolerance || found == expected || found.is_nan() && expected.is_nan();
    assert!(close, "{what}: {found:?}, expected {expected:?}");
}
