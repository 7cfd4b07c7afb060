//! Where the parts of a sheet lie.

use super::{CAPTION, GAP, Sheet};
use crate::text;

/// Where everything lies, in pixels.
pub(super) struct Frame {
    pub(super) headings: Vec<Vec<String>>,
    pub(super) notes: Vec<String>,
    tile: u32,
    top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Of the scores under a tile.
    scores: u32,
}

impl Frame {
    pub(super) fn new(sheet: &Sheet) -> Self {
        let headings = sheet.headings();
        let lines = headings.iter().map(Vec::len).max().unwrap_or_default() as u32;
        let width = GAP + (1 + headings.len() as u32) * (sheet.tile + GAP);
        let top = 2 * GAP + lines * text::HEIGHT;
        let scores = sheet.scores.as_ref().map_or(0, |scores| scores.lines() * text::HEIGHT);
        let mut frame = Self { headings, notes: Vec::new(), tile: sheet.tile, top, width, height: 0, scores };
        frame.notes = text::wrap(&sheet.note(), frame.columns());
        let below = (sheet.paints.len() + frame.notes.len()) as u32 * text::HEIGHT;
        frame.height = frame.y(sheet.images.len()) + below + GAP;
        frame
    }

    /// Characters that a line over the whole width has.
    pub(super) fn columns(&self) -> usize {
        ((self.width - 2 * GAP) / text::WIDTH) as usize
    }

    /// Left edge of a column of tiles; the images are column 0.
    pub(super) fn x(&self, column: usize) -> u32 {
        GAP + column as u32 * (self.tile + GAP)
    }

    /// Upper edge of the caption over a line of tiles.
    pub(super) fn y(&self, line: usize) -> u32 {
        self.top + line as u32 * (CAPTION + self.tile + self.scores + GAP)
    }
}
