//! Panels beside and below one another.

use crate::canvas::{Anchor, Canvas};
use crate::font;
use crate::paint::Paint;

/// Size of the names on axes.
pub const SMALL: f64 = 10.0;
/// Size of names.
pub const TEXT: f64 = 11.0;
/// Size of a panel's heading.
pub const HEAD: f64 = 12.0;
/// From the top of one line of text to that of the next, in units of the size.
pub const LEADING: f64 = 1.5;

/// Room around a figure and between panels.
const MARGIN: f64 = 16.0;
/// Width beyond which panels go into the next row.
const PAGE: f64 = 1100.0;

/// A drawing under a heading.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Lines of the heading, the first in ink, the others muted.
    pub heading: Vec<String>,
    /// What stands below.
    pub body: Canvas,
}

impl Panel {
    /// A panel under a heading, whose empty lines are left out.
    pub fn new(heading: impl IntoIterator<Item = String>, body: Canvas) -> Self {
        Self { heading: heading.into_iter().filter(|line| !line.is_empty()).collect(), body }
    }

    fn canvas(self) -> Canvas {
        let lines = self.heading.len() as f64 * HEAD * LEADING;
        let widest = font::widest(self.heading.iter().map(String::as_str), HEAD);
        let mut canvas = Canvas::new(self.body.width.max(widest), self.body.height + lines);
        for (at, line) in self.heading.into_iter().enumerate() {
            let paint = if at == 0 { Paint::Ink } else { Paint::Muted };
            canvas.text([0.0, (at as f64 + 0.5) * HEAD * LEADING], line, HEAD, Anchor::Start, paint);
        }
        canvas.place(self.body, [0.0, lines]);
        canvas
    }
}

/// Panels, what belongs to all of them, and both on one drawing.
#[derive(Clone, Debug)]
pub struct Arranged {
    /// What each panel is called, and its drawing.
    pub panels: Vec<(String, Canvas)>,
    /// What stands below all of them.
    pub below: Vec<Canvas>,
    /// All of it.
    pub whole: Canvas,
}

/// Panels in rows as wide as a page, or as the widest of them; below them, what belongs to all of them.
pub fn arrange(panels: Vec<Panel>, below: impl IntoIterator<Item = Canvas>) -> Arranged {
    let below: Vec<Canvas> = below.into_iter().collect();
    let whole = together(panels.clone(), &below);
    let named = |panel: Panel| (panel.heading.join(", "), panel.canvas());
    Arranged { panels: panels.into_iter().map(named).collect(), below, whole }
}

fn together(panels: Vec<Panel>, below: &[Canvas]) -> Canvas {
    let canvases: Vec<Canvas> = panels.into_iter().map(Panel::canvas).collect();
    let widest = canvases.iter().map(|canvas| canvas.width).fold(0.0, f64::max);
    // Panels of different widths still stand in columns.
    let columns = ((PAGE - MARGIN) / (widest + MARGIN)).floor().max(1.0) as usize;
    let columns = columns.min(canvases.len().max(1));
    let (mut width, mut height) = (columns as f64 * (widest + MARGIN) + MARGIN, MARGIN);
    let mut places = Vec::new();
    for row in canvases.chunks(columns) {
        let places_of_row = (0..row.len()).map(|at| [MARGIN + at as f64 * (widest + MARGIN), height]);
        places.extend(places_of_row);
        height += row.iter().map(|canvas| canvas.height).fold(0.0, f64::max) + MARGIN;
    }
    for canvas in below {
        places.push([MARGIN, height]);
        width = width.max(canvas.width + 2.0 * MARGIN);
        height += canvas.height + MARGIN;
    }
    let mut whole = Canvas::new(width, height);
    canvases
        .into_iter()
        .chain(below.iter().cloned())
        .zip(places)
        .for_each(|(canvas, place)| whole.place(canvas, place));
    whole
}
