//! Shapes and texts at places in pixels, and the SVG that they make.

use std::fmt::Write;

use crate::font;
use crate::paint::{Paint, Theme};

/// Where the place of a text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// Something drawn; places are those of the canvas.
#[derive(Clone, Debug)]
enum Shape {
    Line { from: [f64; 2], to: [f64; 2], paint: Paint, thick: f64 },
    Path { points: Vec<[f64; 2]>, paint: Paint, thick: f64, dashes: &'static str },
    Area { points: Vec<[f64; 2]>, paint: Paint, opacity: f64 },
    Rect { corner: [f64; 2], size: [f64; 2], paint: Paint, edge: Option<Paint> },
    Dot { at: [f64; 2], radius: f64, paint: Paint },
    Text { at: [f64; 2], text: String, size: f64, anchor: Anchor, paint: Paint, upright: bool },
    Image { corner: [f64; 2], size: [f64; 2], png: String },
}

/// A drawing of a width and a height.
#[derive(Clone, Debug, Default)]
pub struct Canvas {
    pub width: f64,
    pub height: f64,
    shapes: Vec<Shape>,
}

impl Canvas {
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, shapes: Vec::new() }
    }

    /// Puts another drawing into this one, its corner at a place.
    pub fn place(&mut self, other: Self, [x, y]: [f64; 2]) {
        let moved = |mut shape: Shape| {
            let shift = |at: &mut [f64; 2]| *at = [at[0] + x, at[1] + y];
            match &mut shape {
                Shape::Line { from, to, .. } => [from, to].into_iter().for_each(shift),
                Shape::Path { points, .. } | Shape::Area { points, .. } => points.iter_mut().for_each(shift),
                Shape::Rect { corner: at, .. }
                | Shape::Image { corner: at, .. }
                | Shape::Dot { at, .. }
                | Shape::Text { at, .. } => shift(at),
            }
            shape
        };
        self.shapes.extend(other.shapes.into_iter().map(moved));
    }

    pub fn line(&mut self, from: [f64; 2], to: [f64; 2], paint: Paint, thick: f64) {
        self.shapes.push(Shape::Line { from, to, paint, thick });
    }

    /// The line of a series through points.
    pub fn path(&mut self, points: Vec<[f64; 2]>, paint: Paint, thick: f64, dashes: &'static str) {
        self.shapes.push(Shape::Path { points, paint, thick, dashes });
    }

    /// A shape that lets through what is behind it.
    pub fn area(&mut self, points: Vec<[f64; 2]>, paint: Paint, opacity: f64) {
        self.shapes.push(Shape::Area { points, paint, opacity });
    }

    pub fn rect(&mut self, corner: [f64; 2], size: [f64; 2], paint: Paint, edge: Option<Paint>) {
        self.shapes.push(Shape::Rect { corner, size, paint, edge });
    }

    pub fn dot(&mut self, at: [f64; 2], radius: f64, paint: Paint) {
        self.shapes.push(Shape::Dot { at, radius, paint });
    }

    /// A line of text whose middle of small letters lies at the place.
    pub fn text(&mut self, at: [f64; 2], text: impl Into<String>, size: f64, anchor: Anchor, paint: Paint) {
        let (text, upright) = (text.into(), false);
        self.shapes.push(Shape::Text { at, text, size, anchor, paint, upright });
    }

    /// The same from below upwards.
    pub fn upright(
        &mut self,
        at: [f64; 2],
        text: impl Into<String>,
        size: f64,
        anchor: Anchor,
        paint: Paint,
    ) {
        let (text, upright) = (text.into(), true);
        self.shapes.push(Shape::Text { at, text, size, anchor, paint, upright });
    }

    /// A picture, as a `data:` address of it.
    pub fn image(&mut self, corner: [f64; 2], size: [f64; 2], png: String) {
        self.shapes.push(Shape::Image { corner, size, png });
    }

    /// The whole as an SVG file, with what a reader who does not see it is told.
    pub fn svg(&self, title: &str, description: &str, theme: Theme) -> String {
        let (width, height) = (self.width.ceil(), self.height.ceil());
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" font-family=\"{}\"><title>{}</title><desc>{}</desc>\n",
            font::FAMILY,
            escaped(title),
            escaped(description)
        );
        if theme == Theme::Paper {
            let paper = Paint::Paper.svg(theme);
            let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"{paper}\"/>");
        }
        self.shapes.iter().for_each(|shape| shape.write(&mut out, theme));
        out + "</svg>\n"
    }

    /// All texts that are drawn.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.shapes.iter().filter_map(|shape| match shape {
            Shape::Text { text, .. } => Some(text.as_str()),
            _ => None,
        })
    }
}

impl Shape {
    fn write(&self, out: &mut String, theme: Theme) {
        // A String takes all that is written into it.
        let _ = match self {
            Self::Line { from: [x1, y1], to: [x2, y2], paint, thick } => writeln!(
                out,
                "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{thick}\"/>",
                Px(*x1),
                Px(*y1),
                Px(*x2),
                Px(*y2),
                paint.svg(theme)
            ),
            Self::Path { points, paint, thick, dashes } => {
                let broken =
                    if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
                writeln!(
                    out,
                    "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{thick}\" stroke-linejoin=\"round\"{broken}/>",
                    steps(points),
                    paint.svg(theme)
                )
            }
            Self::Area { points, paint, opacity } => writeln!(
                out,
                "<path d=\"{}Z\" fill=\"{}\" fill-opacity=\"{opacity}\"/>",
                steps(points),
                paint.svg(theme)
            ),
            Self::Rect { corner: [x, y], size: [width, height], paint, edge } => {
                let edge = edge.map(|edge| format!(" stroke=\"{}\"", edge.svg(theme))).unwrap_or_default();
                writeln!(
                    out,
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"{edge}/>",
                    Px(*x),
                    Px(*y),
                    Px(*width),
                    Px(*height),
                    paint.svg(theme)
                )
            }
            Self::Dot { at: [x, y], radius, paint } => {
                writeln!(
                    out,
                    "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{}\"/>",
                    Px(*x),
                    Px(*y),
                    paint.svg(theme)
                )
            }
            Self::Text { at, text, size, anchor, paint, upright } => {
                // Half the height of small letters below the middle; not `dominant-baseline`, which not every reader knows.
                let down = 0.36 * size;
                let [x, y] = if *upright { [at[0] + down, at[1]] } else { [at[0], at[1] + down] };
                let turn = if *upright {
                    format!(" transform=\"rotate(-90 {} {})\"", Px(x), Px(y))
                } else {
                    String::new()
                };
                let anchor = match anchor {
                    Anchor::Start => "start",
                    Anchor::Middle => "middle",
                    Anchor::End => "end",
                };
                writeln!(
                    out,
                    "<text x=\"{}\" y=\"{}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{}\"{turn}>{}</text>",
                    Px(x),
                    Px(y),
                    paint.svg(theme),
                    escaped(text)
                )
            }
            Self::Image { corner: [x, y], size: [width, height], png } => writeln!(
                out,
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" href=\"{png}\"/>",
                Px(*x),
                Px(*y),
                Px(*width),
                Px(*height)
            ),
        };
    }
}

fn steps(points: &[[f64; 2]]) -> String {
    let mut out = String::new();
    for (at, [x, y]) in points.iter().enumerate() {
        let _ = write!(out, "{}{} {}", if at == 0 { 'M' } else { 'L' }, Px(*x), Px(*y));
    }
    out
}

/// A hundredth of a pixel is more than can be seen, and equal numbers print alike.
struct Px(f64);

impl std::fmt::Display for Px {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", (self.0 * 100.0).round() / 100.0 + 0.0)
    }
}

/// A text as XML holds it; characters that XML cannot hold become a question mark in a box.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}');
            }
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_stay_texts() {
        let mut canvas = Canvas::new(10.2, 20.0);
        canvas.text([1.0, 2.0], "</text><script>\u{0}\"&\n", 10.0, Anchor::Start, Paint::Ink);
        let svg = canvas.svg("<t>", "", Theme::Paper);
        assert!(svg.contains("&lt;/text&gt;&lt;script&gt;\u{fffd}&quot;&amp; </text>"), "{svg}");
        assert!(svg.contains("<title>&lt;t&gt;</title>") && svg.contains("viewBox=\"0 0 11 20\""), "{svg}");
    }

    #[test]
    fn minus_zero_is_zero() {
        assert_eq!(Px(-0.001).to_string(), "0");
        assert_eq!(Px(2.0 / 3.0).to_string(), "0.67");
    }

    #[test]
    fn what_is_placed_moves() {
        let (mut whole, mut part) = (Canvas::new(9.0, 9.0), Canvas::new(4.0, 4.0));
        part.area(vec![[0.0, 0.0], [1.0, 2.0]], Paint::Series(0), 0.5);
        whole.place(part, [3.0, 4.0]);
        assert!(whole.svg("", "", Theme::Paper).contains("M3 4L4 6Z"));
    }
}
