//! Expected outputs in `testdata/`. With `BLESS=1` in the environment they are written anew, to be read in review.

use std::path::{Path, PathBuf};
use std::{env, fs};

use pipe::npy::{self, Array};
use serde::de::DeserializeOwned;

use crate::compare::{Tolerance, assert_arrays, csv_close};
use crate::testdata;

/// Whether expected outputs are to be written anew.
pub fn bless() -> bool {
    env::var_os("BLESS").is_some_and(|value| value == "1")
}

/// Checks text against `testdata/NAME`.
#[track_caller]
pub fn text(name: impl AsRef<Path>, actual: &str) {
    let path = expect(name.as_ref(), actual.as_bytes());
    let expected = read(&path);
    assert!(actual == expected, "{}{HINT}\nactual:\n{actual}\nexpected:\n{expected}", path.display());
}

/// Checks a table against `testdata/NAME`, with the tolerance of [`csv_close`].
#[track_caller]
pub fn csv(name: impl AsRef<Path>, actual: &str, tolerance: f64) {
    let path = expect(name.as_ref(), actual.as_bytes());
    if let Err(message) = csv_close(actual, &read(&path), tolerance) {
        panic!("{}: {message}{HINT}\nactual:\n{actual}", path.display());
    }
}

/// Checks an array against `testdata/NAME`.
#[track_caller]
pub fn npy(name: impl AsRef<Path>, actual: &Array, tolerance: Tolerance) {
    let mut bytes = Vec::new();
    npy::write(&mut bytes, &actual.shape, &actual.data).expect("the array has as many values as its shape");
    let path = expect(name.as_ref(), &bytes);
    assert_arrays(actual, &array(path), tolerance);
}

/// Reads an array from `testdata/NAME`, or from a path that starts at the root.
#[track_caller]
pub fn array(name: impl AsRef<Path>) -> Array {
    let path = testdata(name);
    npy::read_file(&path).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()))
}

/// Reads values from the JSON file `testdata/NAME`.
#[track_caller]
pub fn json<T: DeserializeOwned>(name: impl AsRef<Path>) -> T {
    let path = testdata(name);
    serde_json::from_str(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Checks what stands in a document of the repository, `docs/NAME`, between two lines: `<!-- SECTION: ... -->` and
/// `<!-- end of SECTION -->`.
#[track_caller]
pub fn section(name: &str, section: &str, actual: &str) {
    let path = crate::root().join("docs").join(name);
    let text = read(&path);
    let place = between(&text, section).unwrap_or_else(|| panic!("{}: no {section}", path.display()));
    if bless() {
        let text = format!("{}{actual}{}", &text[..place.start], &text[place.end..]);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    } else {
        assert!(&text[place] == actual, "{}: {section} is not up to date{HINT}", path.display());
    }
}

/// Where the lines of a section stand in a document.
pub fn between(text: &str, section: &str) -> Option<std::ops::Range<usize>> {
    let start = text.find(&format!("<!-- {section}: "))?;
    let start = start + text[start..].find('\n')? + 1;
    let end = start + text[start..].find(&format!("<!-- end of {section} -->"))?;
    Some(start..end)
}

const HINT: &str = " (BLESS=1 writes it anew)";

/// Path of an expected output, which is written first if that is wanted.
#[track_caller]
fn expect(name: &Path, actual: &[u8]) -> PathBuf {
    let path = testdata(name);
    if bless() {
        pipe::atomic::write(&path, actual).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    path
}

#[track_caller]
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}{HINT}", path.display()))
}
