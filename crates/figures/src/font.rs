//! The embedded font: how wide a text is.

use std::sync::LazyLock;

use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

/// DejaVu Sans without kerning and ligatures: a text is as wide as its letters together. `font/make.py` made it.
pub const BYTES: &[u8] = include_bytes!("../font/DejaVuSans-subset.ttf");

/// What an SVG asks for. Where DejaVu Sans is not installed, Verdana has nearly its widths.
pub const FAMILY: &str = "DejaVu Sans, Verdana, Arial, sans-serif";

static FONT: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| FontRef::new(BYTES).ok());

/// Width of a line of text in pixels. A letter that the font lacks counts as one that is as wide as high.
pub fn width(text: &str, size: f64) -> f64 {
    let Some(font) = &*FONT else { return text.chars().count() as f64 * size };
    let letters = font.charmap();
    let metrics = GlyphMetrics::new(font, Size::unscaled(), LocationRef::default());
    let wide = |letter| letters.map(letter).and_then(|glyph| metrics.advance_width(glyph));
    let units = f64::from(font.metrics(Size::unscaled(), LocationRef::default()).units_per_em);
    text.chars().map(|letter| wide(letter).map_or(units, f64::from)).sum::<f64>() / units * size
}

/// Width of the widest of some lines, 0 of none.
pub fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, size: f64) -> f64 {
    texts.into_iter().map(|text| width(text, size)).fold(0.0, f64::max)
}

/// The letters of a text that the embedded font lacks: a PNG cannot show them.
pub fn lacks(text: &str) -> Vec<char> {
    let Some(font) = &*FONT else { return text.chars().collect() };
    let letters = font.charmap();
    text.chars().filter(|letter| letters.map(*letter).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_dejavu_sans() {
        // Of 2048 units, as fontTools reads them from the original.
        for (text, units) in [("i", 569.0), ("m", 1995.0), ("W", 2025.0), ("0", 1303.0), ("α", 1350.0)] {
            assert!((width(text, 20.48) - units / 100.0).abs() < 1e-9, "{text}: {}", width(text, 20.48));
        }
        assert!((width("im0", 10.0) - (569.0 + 1995.0 + 1303.0) / 204.8).abs() < 1e-9);
    }

    #[test]
    fn letters_without_a_shape_are_named() {
        assert_eq!(lacks("Katze → 猫 ≤ ф"), ['猫']);
    }
}
