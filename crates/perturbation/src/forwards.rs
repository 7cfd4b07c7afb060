//! What tests cost, before any map is read.

use std::collections::HashSet;
use std::iter::Sum;

use crate::catalogue::{Demand, ParsedTest};
use crate::input::Input;

/// A number of inputs given to the classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forwards {
    /// How many.
    pub count: u64,
    /// Whether it is this number for every map; if not, it is no more.
    pub exact: bool,
}

impl Forwards {
    /// What some tests cost together for one map of so many pixels: inputs that are equal for every map are counted once.
    /// The clean image is not among them; it is one more for all maps of an image.
    pub fn of(tests: &[ParsedTest], pixels: usize) -> Self {
        let (mut inputs, mut more) = (HashSet::new(), Self { count: 0, exact: true });
        for test in tests {
            match test.test().demand(pixels) {
                Demand::Inputs(needed) => inputs.extend(needed),
                Demand::AtMost(count) => more = Self { count: more.count + count, exact: false },
            }
        }
        inputs.remove(&Input::Clean);
        Self { count: more.count + inputs.len() as u64, ..more }
    }
}

impl Sum for Forwards {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        let nothing = Self { count: 0, exact: true };
        all.fold(nothing, |a, b| Self { count: a.count + b.count, exact: a.exact && b.exact })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::TESTS;

    fn forwards(specs: &[&str]) -> (u64, bool) {
        let tests: Vec<ParsedTest> =
            specs.iter().map(|spec| ParsedTest::parse(spec, &[TESTS]).unwrap()).collect();
        let Forwards { count, exact } = Forwards::of(&tests, 100);
        (count, exact)
    }

    #[test]
    fn single_pixels_are_counted_exactly() {
        assert_eq!(forwards(&["pos"]), (9, true));
        assert_eq!(forwards(&["deletion"]), (100, true));
        assert_eq!(forwards(&["deletion", "pos"]), (100, true));
        assert_eq!(forwards(&["deletion", "pos:fill=zero"]), (109, true));
        // More steps than pixels: some of them take the same ones.
        assert_eq!(forwards(&["deletion:steps=1000"]), (100, true));
        assert_eq!(forwards(&["deletion:fill=uniform,runs=3,steps=10"]), (30, true));
    }

    #[test]
    fn what_the_map_decides_is_a_bound() {
        assert_eq!(forwards(&["deletion:region=9"]), (100, false));
        assert_eq!(forwards(&["deletion", "mask", "mask:percentile=80"]), (102, false));
    }
}
