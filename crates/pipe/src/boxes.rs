//! Bounding boxes as they stand in a table cell: `x0 y0 x1 y1`, several separated by `;`.

use std::fmt;
use std::str::FromStr;

use crate::Cell;

/// A rectangle in map pixels. Pixel (column `x`, row `y`) covers `x..x + 1` and `y..y + 1`; `x1` and `y1` are exclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundingBox {
    /// Left edge.
    pub x0: f64,
    /// Top edge.
    pub y0: f64,
    /// Right edge, exclusive.
    pub x1: f64,
    /// Bottom edge, exclusive.
    pub y1: f64,
}

/// Any number of boxes; empty text is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Boxes(pub Vec<BoundingBox>);

impl BoundingBox {
    fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [x0, y0, x1, y1] = numbers[..] else { return None };
        let ordered = numbers.iter().all(|n| n.is_finite()) && x0 < x1 && y0 < y1;
        ordered.then_some(Self { x0, y0, x1, y1 })
    }
}

impl FromStr for Boxes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split(';').filter(|part| !part.trim().is_empty());
        let boxes: Option<Vec<_>> = parts.map(BoundingBox::parse).collect();
        boxes.map(Self).ok_or(<Option<Self> as Cell>::WANTED)
    }
}

impl fmt::Display for Boxes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, BoundingBox { x0, y0, x1, y1 }) in self.0.iter().enumerate() {
            let separator = if index > 0 { ";" } else { "" };
            write!(out, "{separator}{x0} {y0} {x1} {y1}")?;
        }
        Ok(())
    }
}

impl Cell for Option<Boxes> {
    const WANTED: &'static str = "boxes `x0 y0 x1 y1` with x0 < x1 and y0 < y1, separated by `;`";

    fn parse(text: &str) -> Option<Self> {
        let boxes: Boxes = text.parse().ok()?;
        Some((!boxes.0.is_empty()).then_some(boxes))
    }

    fn print(&self, out: &mut String) {
        if let Some(boxes) = self {
            out.push_str(&boxes.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for text in ["", "1 2 3 4", "0.5 0 10 7.25;1 1 2 2"] {
            assert_eq!(text.parse::<Boxes>().unwrap().to_string(), text);
        }
        assert_eq!(" 1  2 3 4 ; ".parse::<Boxes>().unwrap().to_string(), "1 2 3 4");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["1 2 3", "1 2 3 4 5", "a b c d", "3 2 1 4", "1 2 nan 4", "0 0 inf 1", "1,2,3,4"] {
            assert!(text.parse::<Boxes>().is_err(), "{text}");
        }
    }
}
