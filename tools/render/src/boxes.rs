//! Bounding boxes as outlines.

use anyhow::{Context, Result};
use image::{Rgb, RgbImage};
use pipe::{BoundingBox, Boxes, Explained};

/// A light line around a dark one can be seen on any image.
const COLORS: [Rgb<u8>; 2] = [Rgb([255; 3]), Rgb([0; 3])];

/// Pixels of the shorter side for each pixel of a line's width.
const FINENESS: u32 = 300;

/// The boxes of a row; none if the cell is empty.
///
/// # Errors
///
/// If the cell holds something else.
pub fn of(row: &Explained) -> Result<Boxes> {
    let text = row.extra.get("boxes").unwrap_or_default();
    text.parse::<Boxes>().map_err(anyhow::Error::msg).with_context(|| format!("boxes {text:?}"))
}

/// Draws the boxes of a map that was enlarged by `scale`. The lines lie inside the box.
pub fn draw(image: &mut RgbImage, boxes: &Boxes, scale: f64) {
    let width = 1 + image.width().min(image.height()) / FINENESS;
    for area in &boxes.0 {
        for inset in 0..2 * width {
            outline(image, area, scale, f64::from(inset), COLORS[(inset / width) as usize]);
        }
    }
}

/// The pixels at the rim of all that the box overlaps, less `inset` on each side.
fn outline(image: &mut RgbImage, area: &BoundingBox, scale: f64, inset: f64, color: Rgb<u8>) {
    let first = |edge: f64| (edge * scale).floor() + inset;
    let last = |edge: f64| (edge * scale).ceil() - 1.0 - inset;
    let (left, top, right, bottom) = (first(area.x0), first(area.y0), last(area.x1), last(area.y1));
    if left > right || top > bottom {
        return;
    }
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    for y in [top, bottom].into_iter().filter(|y| (0.0..height).contains(y)) {
        span(left, right, width).for_each(|x| image.put_pixel(x, y as u32, color));
    }
    for x in [left, right].into_iter().filter(|x| (0.0..width).contains(x)) {
        span(top, bottom, height).for_each(|y| image.put_pixel(x as u32, y, color));
    }
}

/// The pixels from `first` to `last` that lie within `length`.
fn span(first: f64, last: f64, length: f64) -> std::ops::Range<u32> {
    first.max(0.0) as u32..(last + 1.0).clamp(0.0, length) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `#` for the light line, `-` for the dark one.
    fn drawn(boxes: &str, scale: f64) -> Vec<String> {
        let mut image = RgbImage::from_pixel(7, 5, Rgb([90; 3]));
        draw(&mut image, &boxes.parse().unwrap(), scale);
        let mark = |pixel: &Rgb<u8>| match pixel {
            pixel if *pixel == COLORS[0] => '#',
            pixel if *pixel == COLORS[1] => '-',
            _ => '.',
        };
        image.rows().map(|row| row.map(mark).collect()).collect()
    }

    #[test]
    fn the_lines_lie_inside() {
        let whole = ["#######", "#-----#", "#-...-#", "#-----#", "#######"];
        assert_eq!(drawn("0 0 7 5", 1.0), whole);
        assert_eq!(drawn("0.1 0.2 3.1 2.2", 2.0), whole);
        let flat = [".......", "..####.", "..####.", ".......", "......."];
        assert_eq!(drawn("2 1 6 3", 1.0), flat);
        assert_eq!(drawn("2.2 1.2 2.4 1.4", 1.0)[1], "..#....");
    }

    #[test]
    fn what_is_outside_is_cut_off() {
        let corner = [".-#....", "--#....", "###....", ".......", "......."];
        assert_eq!(drawn("-9 -9 3 3", 1.0), corner);
        let corner = [".......", ".......", "....###", "....#--", "....#-."];
        assert_eq!(drawn("4 2 1e300 1e300", 1.0), corner);
        assert_eq!(drawn("7 7 9 9;-9 -9 -1 -1", 1.0), ["......."; 5]);
    }
}
