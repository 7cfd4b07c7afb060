//! Small text, in a font that needs no system.

use std::convert::Infallible;

use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_6X12;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::{DrawTarget, Drawable, OriginDimensions, Pixel, Point, Size};
use embedded_graphics::text::{Baseline, Text};
use image::{Rgb, RgbImage};

/// Width of a character in pixels.
pub const WIDTH: u32 = 6;

/// Height of a line in pixels.
pub const HEIGHT: u32 = 12;

/// Writes a line in black, its upper left corner at `(x, y)`. What does not fit is cut off; characters outside
/// Latin-1 become `?`.
pub fn write(image: &mut RgbImage, (x, y): (u32, u32), text: &str) {
    let style = MonoTextStyle::new(&FONT_6X12, BinaryColor::On);
    let text = Text::with_baseline(text, Point::new(x as i32, y as i32), style, Baseline::Top);
    let Ok(_) = text.draw(&mut Canvas(image));
}

/// Lines of at most `columns` characters, broken behind punctuation where there is some.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut rest: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut lines = Vec::new();
    while rest.len() > columns.max(1) {
        let line = &rest[..columns.max(1)];
        let end = line.iter().rposition(|c| " :,;-_/".contains(*c)).map_or(line.len(), |last| last + 1);
        lines.push(rest.drain(..end).collect());
    }
    lines.push(rest.into_iter().collect());
    lines
}

/// The start of a text that is longer than `columns` characters, marked as cut.
pub fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    text.chars().take(columns.saturating_sub(2)).chain("..".chars()).collect()
}

struct Canvas<'a>(&'a mut RgbImage);

impl OriginDimensions for Canvas<'_> {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Canvas<'_> {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<BinaryColor>>,
    {
        for Pixel(point, _) in pixels.into_iter().filter(|pixel| pixel.1.is_on()) {
            // Negative places become large ones, which are outside too.
            if let Some(pixel) = self.0.get_pixel_mut_checked(point.x as u32, point.y as u32) {
                *pixel = Rgb([0; 3]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_behind_punctuation() {
        assert_eq!(wrap("gradcam", 21), ["gradcam"]);
        assert_eq!(wrap("rise:masks=400,p=0.5", 16), ["rise:masks=400,", "p=0.5"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("ab", 0), ["a", "b"]);
    }

    #[test]
    fn a_cut_is_marked() {
        assert_eq!(cut("gradcam", 7), "gradcam");
        assert_eq!(cut("gradcam", 6), "grad..");
        assert_eq!(cut("gradcam", 0), "..");
    }

    #[test]
    fn text_stays_on_the_image() {
        let mut image = RgbImage::from_pixel(20, 14, Rgb([255; 3]));
        write(&mut image, (2, 1), "HI, a long line\nand another\u{1f600}");
        let black = |x| (0..14).filter(|y| *image.get_pixel(x, *y) == Rgb([0; 3])).count();
        // The left bar of an H is one column of seven pixels or more.
        assert_eq!(black(0) + black(1), 0);
        assert!((0..8).any(|x| black(x) >= 7));
    }
}
