//! Panels times the samples of images.

use std::ops::Range;

use crate::grid::{Grid, Lanes, Piece};
use crate::lines::Lines;
use crate::panels::Panels;
use crate::simd::{Simd, Work};
use crate::tile::{self, End, Job, PART, Sums, VECTORS};

/// Tiles that pass by one panel while its weights are in the first-level cache.
const TILES: usize = 4;
/// Samples of so many bytes stay in the second-level cache while all panels pass by.
const CHUNK_BYTES: usize = 256 * 1024;

/// One product.
pub(crate) struct Product<'a> {
    pub(crate) panels: &'a Panels,
    /// The panels that are wanted.
    pub(crate) wanted: Range<usize>,
    /// Where each term's samples start in a source.
    pub(crate) offsets: &'a [u32],
    pub(crate) grid: &'a Grid,
    /// Samples of each image.
    pub(crate) sources: &'a [&'a [f32]],
    /// Where the first row's plane starts in `outputs` and `added`.
    pub(crate) first: usize,
    /// Distance of the planes of two rows.
    pub(crate) plane: usize,
    /// One for each image.
    pub(crate) outputs: &'a [*mut f32],
    pub(crate) added: &'a [*const f32],
    /// One number for each row of all panels.
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) clip: [f32; 2],
    /// Samples lie side by side in memory that was not touched before.
    pub(crate) streamed: bool,
}

/// Memory of a thread that is used again and again.
#[derive(Default)]
pub(crate) struct Room {
    sums: Lines,
    gathered: Lines,
    uniform: Vec<u32>,
}

impl Product<'_> {
    /// Computes it. Where borders waste too many lanes, the wanted samples are gathered first.
    ///
    /// # Safety
    /// The outputs have room for the grid in the planes of all wanted rows, what is added is as large, and nothing
    /// else reads or writes the outputs.
    pub(crate) unsafe fn run(&self, room: &mut Room) {
        let furthest = self.offsets.iter().max().map_or(0, |&offset| offset as usize);
        let reach = furthest + self.grid.positions();
        assert!(
            self.sources.iter().all(|source| reach <= source.len()),
            "a source ends before its last tile"
        );
        assert!(self.bias.is_none_or(|bias| bias.len() == self.panels.rows));
        // SAFETY: the caller's, and the assertions.
        unsafe {
            if self.gathers() {
                self.run_gathered(room);
            } else {
                self.run_shifted(room);
            }
        }
    }

    fn width(&self) -> usize {
        VECTORS * self.panels.level.lanes()
    }

    /// Gathering is worth it if it costs fewer cycles for each term than the wasted lanes do.
    fn gathers(&self) -> bool {
        let (lanes, images) = (self.panels.level.lanes(), self.sources.len());
        let shifted = images * self.grid.positions().div_ceil(lanes);
        let gathered = (images * self.grid.wanted()).div_ceil(lanes);
        let saved = shifted.saturating_sub(gathered) * self.panels.height * self.wanted.len();
        saved > 3 * images * self.grid.rows * self.grid.columns.div_ceil(lanes)
    }

    unsafe fn run_shifted(&self, room: &mut Room) {
        let width = self.width();
        let taps = if self.streamed { 1 } else { 4 };
        let tiles = (CHUNK_BYTES * taps / (4 * self.offsets.len() * width)).clamp(1, TILES);
        for (image, source) in self.sources.iter().enumerate() {
            let positions = self.grid.positions();
            for chunk in (0..positions).step_by(tiles * width) {
                let starts = (chunk..positions.min(chunk + tiles * width)).step_by(width);
                let tiles: Vec<(usize, Lanes)> =
                    starts.map(|at| (at, self.grid.shifted(image, at, width.min(positions - at)))).collect();
                let ahead = self.streamed.then(|| source.as_ptr().wrapping_add(chunk + tiles.len() * width));
                for (part, offsets) in self.offsets.chunks(PART).enumerate() {
                    // SAFETY: `run` made sure that the source reaches this far; the rest is the caller's.
                    unsafe { self.part(part, source.as_ptr(), offsets, &tiles, ahead, room) }
                }
            }
        }
    }

    unsafe fn run_gathered(&self, room: &mut Room) {
        let width = self.width();
        let positions = self.sources.len() * self.grid.wanted();
        let mut chunk = 0;
        while chunk < positions {
            // A short rest joins the chunk before it.
            let rest = (positions - chunk).div_ceil(width);
            let count = if rest <= TILES + 1 { rest } else { TILES };
            let row = count * width;
            let tile = |i: usize| {
                let at = chunk + i * width;
                (i * width, self.grid.gathered(at, width.min(positions - at)))
            };
            let tiles: Vec<(usize, Lanes)> = (0..count).map(tile).collect();
            for (part, offsets) in self.offsets.chunks(PART).enumerate() {
                let to = room.gathered.reserve(row * offsets.len()).as_mut_ptr();
                for (at, lanes) in &tiles {
                    for piece in &lanes.pieces {
                        let gather = Gather {
                            from: self.sources[piece.image],
                            offsets,
                            piece: *piece,
                            to: to.wrapping_add(at + piece.lane),
                            row,
                        };
                        self.panels.level.run(gather);
                    }
                }
                let mut uniform = std::mem::take(&mut room.uniform);
                uniform.clear();
                uniform.extend((0..offsets.len()).map(|k| (k * row) as u32));
                // SAFETY: all lanes of the tiles were gathered; the rest is the caller's.
                unsafe { self.part(part, to, &uniform, &tiles, None, room) }
                room.uniform = uniform;
            }
            chunk += row;
        }
    }

    /// One part of the sums of some tiles, for all panels.
    unsafe fn part(
        &self,
        part: usize,
        source: *const f32,
        offsets: &[u32],
        tiles: &[(usize, Lanes)],
        ahead: Option<*const f32>,
        room: &mut Room,
    ) {
        let (first, last) = (part == 0, (part + 1) * PART >= self.offsets.len());
        let numbers = size_of::<Sums>() / 4;
        let kept = if first && last { 1 } else { self.wanted.len() * tiles.len() };
        let sums = room.sums.reserve(kept * numbers).as_mut_ptr();
        for (i, panel) in self.wanted.clone().enumerate() {
            let rows = self.panels.rows(panel);
            let end = End {
                outputs: self.outputs,
                added: self.added,
                first: self.first + rows.start * self.plane,
                plane: self.plane,
                step: self.grid.column_step,
                bias: self.bias.map(|bias| bias[rows.start..].as_ptr()),
                clip: self.clip,
            };
            for (t, (at, lanes)) in tiles.iter().enumerate() {
                let call = i * tiles.len() + t;
                // Each call asks for one of the lines of the next chunk.
                let ahead = ahead.filter(|_| call * 16 < tiles.len() * self.width());
                let job = Job {
                    weights: self.panels.weights(panel, part * PART).as_ptr(),
                    rows: rows.len(),
                    source: source.wrapping_add(*at),
                    offsets,
                    lanes: lanes.count,
                    ahead: ahead.map(|ahead| ahead.wrapping_add(call * 16)),
                    first,
                    last,
                    sums: sums.wrapping_add(if kept == 1 { 0 } else { call * numbers }).cast(),
                    runs: &lanes.runs,
                    end: &end,
                };
                let kernel = tile::kernel(self.panels.level, self.panels.height, lanes.count);
                // SAFETY: the panels were made for this level and hold `height` weights for every term; the
                // caller has samples and room.
                unsafe { kernel(self.panels.level, &job) }
            }
        }
    }
}

/// Copies one piece of all terms: `to[k * row + i] = from[offsets[k] + piece.from + i]`.
struct Gather<'a> {
    from: &'a [f32],
    offsets: &'a [u32],
    piece: Piece,
    to: *mut f32,
    row: usize,
}

impl Work for Gather<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for lane in (0..self.piece.count).step_by(S::LANES) {
            let mask = simd.first((self.piece.count - lane).min(S::LANES));
            let from = self.from[self.piece.from + lane..].as_ptr();
            let mut to = self.to.wrapping_add(lane);
            for &offset in self.offsets {
                // SAFETY: `Product::run` made sure that the source reaches this far, and there is a row for
                // every offset.
                unsafe { simd.store_some(to, mask, simd.load_some(from.add(offset as usize), mask)) }
                to = to.wrapping_add(self.row);
            }
        }
    }
}
