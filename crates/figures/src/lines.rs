//! Lines with bands in one frame.

use crate::axis::Scale;
use crate::canvas::{Anchor, Canvas};
use crate::names::Names;
use crate::paint::{Paint, dashes};
use crate::panel::TEXT;

/// Width and height of the frame that the lines are drawn in.
const FRAME: [f64; 2] = [300.0, 200.0];
/// Room below for the axis' names and its title.
const BELOW: f64 = 40.0;

/// A line of a series, and what lies around it.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Whose line it is.
    pub name: &'a str,
    /// Its points: x, y, and the ends of an interval of y, which may be NaN.
    pub points: Vec<[f64; 4]>,
}

/// What the axes are called, and what they must hold besides the lines.
#[derive(Clone, Copy, Debug)]
pub struct Axes<'a> {
    pub x: &'a str,
    pub y: &'a str,
    /// Ends of the horizontal axis; the lines' own without.
    pub across: Option<[f64; 2]>,
    /// Whether the vertical axis begins at 0.
    pub from_zero: bool,
}

/// Draws the lines. Points that are not finite are gaps.
pub fn lines(lines: &[Line<'_>], names: &Names<'_>, axes: Axes<'_>) -> Canvas {
    let points = || lines.iter().flat_map(|line| &line.points);
    let zero = axes.from_zero.then_some(0.0);
    let heights = points().flat_map(|[_, y, low, high]| [*y, *low, *high]).chain(zero);
    let down = Scale::around(heights, FRAME[1], 8.0);
    let left = down.names_width() + 6.0 + 2.0 * TEXT;
    let right = left + FRAME[0];
    let across = match axes.across {
        Some([low, high]) => Scale::new(low, high, left, right),
        None => Scale::around(points().map(|point| point[0]), left, right),
    };
    let mut canvas = Canvas::new(right + 12.0, FRAME[1] + BELOW);
    across.below(&mut canvas, FRAME[1], 0.0);
    down.beside(&mut canvas, left, right);
    canvas.line([left, FRAME[1]], [right, FRAME[1]], Paint::Ink, 1.0);
    canvas.line([left, FRAME[1]], [left, 0.0], Paint::Ink, 1.0);
    canvas.text([f64::midpoint(left, right), FRAME[1] + 30.0], axes.x, TEXT, Anchor::Middle, Paint::Ink);
    canvas.upright([TEXT / 2.0, FRAME[1] / 2.0], axes.y, TEXT, Anchor::Middle, Paint::Ink);
    for line in lines {
        band(&mut canvas, line, names, across, down);
    }
    for line in lines {
        let number = names.number(line.name);
        let pixel = |[x, y, ..]: &[f64; 4]| [across.place(*x), down.place(*y)];
        for piece in line.points.split(|[x, y, ..]| !(x.is_finite() && y.is_finite())) {
            match piece {
                [] => {}
                [point] => canvas.dot(pixel(point), 2.0, Paint::Series(number)),
                piece => {
                    canvas.path(
                        piece.iter().map(pixel).collect(),
                        Paint::Series(number),
                        1.6,
                        dashes(number),
                    );
                }
            }
        }
    }
    canvas
}

/// The interval around a line, where it is known.
fn band(canvas: &mut Canvas, line: &Line<'_>, names: &Names<'_>, across: Scale, down: Scale) {
    let number = names.number(line.name);
    for piece in line.points.split(|point| point.iter().any(|value| !value.is_finite())) {
        let edge = |end: usize| move |point: &[f64; 4]| [across.place(point[0]), down.place(point[end])];
        if piece.len() > 1 {
            let around = piece.iter().map(edge(2)).chain(piece.iter().rev().map(edge(3)));
            canvas.area(around.collect(), Paint::Series(number), 0.15);
        }
    }
}
