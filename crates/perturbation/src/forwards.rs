//! What tests cost, before any map is read.

use std::collections::HashSet;
use std::iter::Sum;

use crate::catalogue::{Demand, ParsedTest};
use crate::input::Input;

/// A number of inputs given to the classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forwards {
    /// How many for each map.
    pub count: u64,
    /// How many more for all maps of an image that explain one class.
    pub of_image: u64,
    /// Whether it is this number for every map; if not, it is no more.
    pub exact: bool,
}

impl Forwards {
    /// What some tests cost together for maps of so many pixels: equal inputs are counted once. The clean image is not among
    /// them; it is one more for all maps of an image.
    pub fn of(tests: &[ParsedTest], pixels: usize) -> Self {
        let (mut inputs, mut forwards) = (HashSet::new(), Self { count: 0, of_image: 0, exact: true });
        for test in tests {
            match test.test().demand(pixels) {
                Demand::Inputs(needed) => inputs.extend(needed),
                Demand::AtMost { count, of_image } => {
                    forwards.count += count;
                    forwards.of_image += of_image;
                    forwards.exact = false;
                }
            }
        }
        inputs.remove(&Input::Clean);
        let of_maps = inputs.iter().filter(|input| input.depends_on_the_map()).count();
        forwards.count += of_maps as u64;
        forwards.of_image += (inputs.len() - of_maps) as u64;
        forwards
    }
}

impl Sum for Forwards {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        let nothing = Self { count: 0, of_image: 0, exact: true };
        all.fold(nothing, |a, b| Self {
            count: a.count + b.count,
            of_image: a.of_image + b.of_image,
            exact: a.exact && b.exact,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::TESTS;

    fn forwards(specs: &[&str]) -> (u64, u64, bool) {
        let tests: Vec<ParsedTest> =
            specs.iter().map(|spec| ParsedTest::parse(spec, &[TESTS]).unwrap()).collect();
        let Forwards { count, of_image, exact } = Forwards::of(&tests, 100);
        (count, of_image, exact)
    }

    #[test]
    fn single_pixels_are_counted_exactly() {
        assert_eq!(forwards(&["pos"]), (9, 0, true));
        assert_eq!(forwards(&["deletion"]), (99, 1, true));
        assert_eq!(forwards(&["deletion", "pos"]), (99, 1, true));
        assert_eq!(forwards(&["deletion", "pos:fill=zero"]), (108, 1, true));
        // More steps than pixels: some of them take the same ones.
        assert_eq!(forwards(&["deletion:steps=1000"]), (99, 1, true));
        assert_eq!(forwards(&["deletion:fill=uniform,runs=3,steps=10"]), (27, 3, true));
    }

    #[test]
    fn what_the_map_decides_is_a_bound() {
        assert_eq!(forwards(&["deletion:region=9"]), (100, 0, false));
        assert_eq!(forwards(&["deletion", "mask", "mask:percentile=80"]), (101, 1, false));
    }
}
