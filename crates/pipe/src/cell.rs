//! One cell of a table: how each type of value is read and written.

use std::fmt::{self, Write};
use std::str::FromStr;

/// A value that fits into one cell.
pub trait Cell: Sized {
    /// What is expected, for a message: "a number".
    const WANTED: &'static str;

    /// Reads a cell; `None` if the text is not such a value. The cell of a column that is absent reads as empty.
    fn parse(text: &str) -> Option<Self>;

    /// Appends the value to the text of a cell.
    fn print(&self, out: &mut String);
}

/// Which way a metric points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A larger value is better.
    Higher,
    /// A smaller value is better.
    Lower,
}

impl Direction {
    /// The word that stands in a table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl FromStr for Direction {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "higher" => Ok(Self::Higher),
            "lower" => Ok(Self::Lower),
            _ => Err(Self::WANTED),
        }
    }
}

/// A class as a table names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// By its number, from 0.
    Number(usize),
    /// By a word that a list of class names explains.
    Name(String),
}

impl Cell for Option<Class> {
    const WANTED: &'static str = "a class: a whole number from 0, a name, or nothing";

    /// What is a number, but none of a class (`-1`, `nan`, `1.5`), is no name either.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match <Option<usize>>::parse(text) {
            Some(number) => Some(number.map(Class::Number)),
            None if text.parse::<f64>().is_ok() => None,
            None => Some(Some(Class::Name(text.to_owned()))),
        }
    }

    fn print(&self, out: &mut String) {
        match self {
            Some(Class::Number(number)) => number.print(out),
            Some(Class::Name(name)) => out.push_str(name),
            None => {}
        }
    }
}

impl Cell for Direction {
    const WANTED: &'static str = "`higher` or `lower`";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn print(&self, out: &mut String) {
        out.push_str(self.as_str());
    }
}

impl Cell for String {
    const WANTED: &'static str = "text";

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn print(&self, out: &mut String) {
        out.push_str(self);
    }
}

impl Cell for usize {
    const WANTED: &'static str = "a whole number";

    /// Takes `281.0` too: a data frame turns whole numbers into floats as soon as one of them is missing.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        text.strip_suffix(".0").unwrap_or(text).parse().ok()
    }

    fn print(&self, out: &mut String) {
        let _ = write!(out, "{self}"); // Writing to a String cannot fail.
    }
}

impl Cell for f64 {
    const WANTED: &'static str = "a number";

    /// An empty cell is NaN, as data frames write it.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() { Some(Self::NAN) } else { text.parse().ok() }
    }

    /// The shortest text that reads back as the same number: `0.5`, `1e-11`, `NaN`, `-inf`.
    fn print(&self, out: &mut String) {
        let plain = *self == 0.0 || !self.is_finite() || (1e-5..1e16).contains(&self.abs());
        let _ = if plain { write!(out, "{self}") } else { write!(out, "{self:e}") };
    }
}

impl Cell for bool {
    const WANTED: &'static str = "`true` or `false`";

    /// Takes `True` too, as Python writes it.
    fn parse(text: &str) -> Option<Self> {
        text.trim().to_ascii_lowercase().parse().ok()
    }

    fn print(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Cell for Option<f64> {
    const WANTED: &'static str = "a number or nothing";

    fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() { Some(None) } else { f64::parse(text).map(Some) }
    }

    fn print(&self, out: &mut String) {
        if let Some(value) = self {
            value.print(out);
        }
    }
}

impl Cell for Option<usize> {
    const WANTED: &'static str = "a whole number or nothing";

    fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() { Some(None) } else { usize::parse(text).map(Some) }
    }

    fn print(&self, out: &mut String) {
        if let Some(value) = self {
            value.print(out);
        }
    }
}

/// The number with the same shortest text: 0.3 for `0.3_f32`, where `f64::from` gives 0.30000001192092896.
///
/// It keeps the columns of single-precision results short; reading them back as `f32` is exact.
pub fn from_f32(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let mut out = String::new();
        value.print(&mut out);
        out
    }

    #[test]
    fn numbers_are_short_and_round_trip() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (0.5, "0.5"),
            (90.0, "90"),
            (1e-11, "1e-11"),
            (1e-5, "0.00001"),
            (1.0 / 3.0, "0.3333333333333333"),
            (1e16, "1e16"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        ];
        for (value, expected) in cases {
            assert_eq!(text(value), expected);
            let back = <f64 as Cell>::parse(expected).unwrap();
            assert_eq!(back.to_bits() << 1, value.to_bits() << 1, "{expected}");
        }
    }

    #[test]
    fn random_bits_round_trip() {
        let mut state = 1_u64;
        for _ in 0..100_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = f64::from_bits(state ^ (state >> 29));
            let back = <f64 as Cell>::parse(&text(value)).unwrap();
            assert!(back == value || (back.is_nan() && value.is_nan()), "{value:e}");
            let single = f32::from_bits((state >> 32) as u32);
            let back = from_f32(single) as f32;
            assert!(back == single || (back.is_nan() && single.is_nan()), "{single:e}");
        }
    }

    #[test]
    fn cells_that_data_frames_write_are_read() {
        assert_eq!(<usize as Cell>::parse("281.0"), Some(281));
        assert_eq!(<usize as Cell>::parse("281.5"), None);
        assert_eq!(<usize as Cell>::parse("-1"), None);
        assert_eq!(<Option<usize> as Cell>::parse(" "), Some(None));
        assert!(<f64 as Cell>::parse("").unwrap().is_nan());
        assert!(<f64 as Cell>::parse("nan").unwrap().is_nan());
        assert_eq!(<f64 as Cell>::parse(" 1E-3 "), Some(0.001));
        assert_eq!(<f64 as Cell>::parse("0,5"), None);
    }

    #[test]
    fn a_class_is_a_number_or_a_name() {
        let class = <Option<Class> as Cell>::parse;
        assert_eq!(class("281.0"), Some(Some(Class::Number(281))));
        assert_eq!(class(" "), Some(None));
        assert_eq!(class(" n01440764"), Some(Some(Class::Name("n01440764".into()))));
        for text in ["-1", "nan", "NaN", "1.5", "1e3", "inf", "-0.0"] {
            assert_eq!(class(text), None, "{text}");
        }
    }
}
