//! Matrix products whose right side is packed in groups of columns.

use std::cell::RefCell;
use std::ops::Range;

use rayon::prelude::*;

use crate::Epilogue;
use crate::blocked::{self, BLOCK, Job, PART, Tiles, VECTORS};
use crate::buffer::Buffer;
use crate::lines::Lines;
use crate::output::Output;
use crate::parts::{part, split};
use crate::simd::Level;
use crate::view::View;

/// Rows of so many bytes stay in the second-level cache while all columns pass by.
const CHUNK_BYTES: usize = 704 * 1024;
/// The most rows of a chunk.
const CHUNK: usize = 112;

/// A matrix `(k, columns)` cut into groups of as many columns as a tile has; each holds its `k` rows one after the other. Rows behind
/// the last one of a block, and columns behind the last one, are zero.
pub(crate) struct Columns {
    level: Level,
    k: usize,
    columns: usize,
    numbers: Lines,
}

thread_local! {
    /// Where a thread's rows are copied to.
    static ROOM: RefCell<Lines> = RefCell::default();
}

impl Columns {
    /// Packs a matrix `(k, columns)`.
    pub(crate) fn new(level: Level, [k, columns]: [usize; 2], from: View<'_>) -> Self {
        let (width, padded) = (blocked::outputs(level), k.next_multiple_of(BLOCK));
        let mut numbers = Lines::zeros(columns.div_ceil(width) * padded * width);
        blocked::pack::panels(level, from, [k, columns], numbers.reserve(0));
        Self { level, k, columns, numbers }
    }

    /// The product of rows `(n, k)`, `(n, columns)`, spread over threads by rows, and by columns where there are too few rows.
    pub(crate) fn multiply(&self, rows: &[f32], bias: Option<&[f32]>, epilogue: Epilogue<'_>) -> Buffer {
        let n = rows.len() / self.k;
        assert_eq!(rows.len(), n * self.k);
        assert!(bias.is_none_or(|bias| bias.len() == self.columns));
        assert!(epilogue.add.is_none_or(|add| add.len() == n * self.columns));
        let tasks = |output: Output| {
            self.spread(n, |range, groups| {
                // SAFETY: the output has a place for each row and column, and each of them belongs to one task.
                unsafe { self.run(rows, range, groups, bias, epilogue, output) }
            });
        };
        // SAFETY: the tasks cover all rows and columns.
        unsafe { Buffer::collect(n * self.columns, tasks) }
    }

    fn spread(&self, n: usize, task: impl Fn(Range<usize>, Range<usize>) + Sync) {
        if n == 0 {
            return;
        }
        let threads = rayon::current_num_threads();
        let most = self.level.pixels();
        let chunks = n.div_ceil((CHUNK_BYTES / (4 * self.k)).clamp(4 * most, CHUNK));
        let chunks = if chunks < threads { chunks } else { chunks.next_multiple_of(threads) };
        let shares = threads.div_ceil(chunks).min(self.groups());
        (0..chunks * shares).into_par_iter().with_max_len(1).for_each(|i| {
            task(part(i / shares, chunks, n), part(i % shares, shares, self.groups()));
        });
    }

    /// The number of groups.
    fn groups(&self) -> usize {
        self.columns.div_ceil(blocked::outputs(self.level))
    }

    /// Some rows times some groups.
    ///
    /// # Safety
    /// The output has room for all rows and columns, and nothing else reads or writes the places of these rows and groups.
    unsafe fn run(
        &self,
        left: &[f32],
        rows: Range<usize>,
        groups: Range<usize>,
        bias: Option<&[f32]>,
        epilogue: Epilogue<'_>,
        output: Output,
    ) {
        let (k, width, most) = (self.k, blocked::outputs(self.level), self.level.pixels());
        ROOM.with_borrow_mut(|room| {
            let tiles = Tiles::new(&left[rows.start * k..rows.end * k], k, most, room);
            let padded = k.next_multiple_of(BLOCK);
            for group in groups {
                let weights = &self.numbers.numbers()[group * padded * width..(group + 1) * padded * width];
                let columns = group * width..self.columns.min((group + 1) * width);
                for (i, tile) in split(rows.len(), most).enumerate() {
                    let at = (rows.start + tile.start) * self.columns + columns.start;
                    // Each tile asks for as many lines of the next group as it has terms; the first few ask for all.
                    let next = weights.as_ptr_range().end.wrapping_add(i * padded * 16);
                    let job = Job {
                        x: tiles.tile(tile.clone()),
                        blocks: padded / BLOCK,
                        block: tile.len() * BLOCK,
                        taps: &[0],
                        furthest: 0,
                        part: PART,
                        weights,
                        next: (i * 16 < width).then_some(next),
                        count: columns.len(),
                        bias: bias.map(|bias| &bias[columns.clone()]),
                        out: output.at(at),
                        pixel: self.columns,
                        vector: self.level.lanes(),
                        added: epilogue.add.map(|add| add[at..].as_ptr()),
                        clip: epilogue.clip,
                    };
                    // SAFETY: the caller's; what is added has the output's size.
                    unsafe { blocked::kernel(tile.len(), VECTORS, BLOCK)(self.level, &job) }
                    if let Some(end) = epilogue.end {
                        // SAFETY: likewise; while the results are in the first-level cache.
                        unsafe { end.change(self.level, job.out, [tile.len(), job.count, job.pixel]) }
                    }
                }
            }
        });
    }
}
