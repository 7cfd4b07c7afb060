//! Which line is which.

use crate::canvas::{Anchor, Canvas};
use crate::font;
use crate::names::Names;
use crate::paint::{Paint, dashes};
use crate::panel::{LEADING, TEXT};

/// Length of the line in front of a name.
const SAMPLE: f64 = 26.0;

/// The names of all series below one another, each behind a piece of its line.
pub fn legend(names: &Names<'_>) -> Canvas {
    let width = font::widest(names.iter(), TEXT) + SAMPLE + 8.0;
    let mut canvas = Canvas::new(width, names.iter().len() as f64 * TEXT * LEADING);
    for (at, name) in names.iter().enumerate() {
        let y = (at as f64 + 0.5) * TEXT * LEADING;
        canvas.path(vec![[0.0, y], [SAMPLE, y]], Paint::Series(at), 2.0, dashes(at));
        canvas.text([SAMPLE + 8.0, y], name, TEXT, Anchor::Start, Paint::Ink);
    }
    canvas
}
