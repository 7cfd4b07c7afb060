//! Matrix products whose right side is packed column block by column block.

use std::cell::RefCell;
use std::ops::Range;

use rayon::prelude::*;

use crate::Epilogue;
use crate::output::Output;
use crate::product::{Line, reserve};
use crate::simd::Level;
use crate::tile::{self, Bias, End, Job, PART, Run, Sums, VECTORS};

/// Rows of so many bytes stay in the second-level cache while all columns pass by.
const CHUNK_BYTES: usize = 768 * 1024;
/// The most rows of a chunk.
const CHUNK: usize = 128;

/// A matrix `(k, columns)` cut into blocks as wide as a tile; each holds its `k` rows one after the other, the last
/// one filled up with zeros.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) level: Level,
    pub(crate) k: usize,
    pub(crate) columns: usize,
    pub(crate) numbers: &'a [f32],
}

/// A matrix in memory: where its number of row `r` and column `c` lies behind the first one is `r * row + c * column`.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) numbers: &'a [f32],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

thread_local! {
    static SUMS: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// Columns of a block.
pub(crate) fn width(level: Level) -> usize {
    VECTORS * level.lanes()
}

/// Packs a matrix `(k, columns)` for [`Columns`].
pub(crate) fn pack(level: Level, [k, columns]: [usize; 2], from: View<'_>, to: &mut Vec<f32>) {
    let width = width(level);
    to.clear();
    to.resize(columns.div_ceil(width) * k * width, 0.0);
    for (block, to) in to.chunks_mut(k * width).enumerate() {
        let columns = block * width..columns.min((block + 1) * width);
        if from.column == 1 {
            for (row, to) in to.chunks_mut(width).enumerate() {
                let from = &from.numbers[row * from.row + columns.start..];
                to[..columns.len()].copy_from_slice(&from[..columns.len()]);
            }
        } else {
            for (i, column) in columns.enumerate() {
                let from = from.numbers[column * from.column..].iter().step_by(from.row);
                to[i..].iter_mut().step_by(width).zip(from).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

impl Columns<'_> {
    /// The product of rows `(n, k)`, `(n, columns)`, spread over threads by rows, and by columns where there are too
    /// few rows.
    pub(crate) fn multiply(&self, rows: &[f32], bias: Option<&[f32]>, epilogue: Epilogue<'_>) -> Vec<f32> {
        let n = rows.len() / self.k;
        assert_eq!(rows.len(), n * self.k);
        assert!(bias.is_none_or(|bias| bias.len() == self.columns));
        assert!(epilogue.add.is_none_or(|add| add.len() == n * self.columns));
        let task = |output: Output, range: Range<usize>, blocks: Range<usize>| {
            let end = End {
                outputs: &[output.at(0)],
                added: &epilogue.add.iter().map(|add| add.as_ptr()).collect::<Vec<_>>(),
                first: 0,
                plane: self.columns,
                step: 1,
                bias: bias.map_or(Bias::None, |bias| Bias::Columns(bias.as_ptr())),
                clip: epilogue.clip,
            };
            let left = View { numbers: rows, row: self.k, column: 1 };
            // SAFETY: the output has a place for each row and column, and each of them belongs to one task.
            unsafe { self.run(left, range, blocks, &end) }
        };
        let tasks = |output| self.spread(n, |range, blocks| task(output, range, blocks));
        // SAFETY: the tasks cover all rows and columns.
        unsafe { Output::collect(n * self.columns, tasks) }
    }

    fn spread(&self, n: usize, task: impl Fn(Range<usize>, Range<usize>) + Sync) {
        if n == 0 {
            return;
        }
        let threads = rayon::current_num_threads();
        let height = tile::panel_rows(self.level, n);
        let chunks = n.div_ceil((CHUNK_BYTES / (4 * self.k)).clamp(4 * height, CHUNK));
        let chunks = if chunks < threads { chunks } else { chunks.next_multiple_of(threads) };
        let chunk = n.div_ceil(chunks).next_multiple_of(height);
        let chunks = n.div_ceil(chunk);
        let blocks = self.blocks();
        let share = blocks.div_ceil(threads.div_ceil(chunks));
        let shares = blocks.div_ceil(share);
        (0..chunks * shares).into_par_iter().for_each(|i| {
            let (start, block) = (i / shares * chunk, i % shares * share);
            task(start..n.min(start + chunk), block..blocks.min(block + share));
        });
    }

    /// The number of blocks.
    pub(crate) fn blocks(&self) -> usize {
        self.columns.div_ceil(width(self.level))
    }

    /// Some rows of the left side times some blocks.
    ///
    /// # Safety
    /// The output has room for these rows and the columns of these blocks, what is added is as large, and nothing
    /// else reads or writes these places.
    pub(crate) unsafe fn run(&self, left: View<'_>, rows: Range<usize>, blocks: Range<usize>, end: &End<'_>) {
        assert!(
            blocks.end <= self.blocks() && self.numbers.len() >= self.blocks() * self.k * width(self.level)
        );
        if let Some(last) = rows.clone().next_back() {
            assert!(last * left.row + (self.k - 1) * left.column < left.numbers.len());
            // SAFETY: the caller's, and the assertions.
            SUMS.with_borrow_mut(|sums| unsafe { self.tiles(left, rows, blocks, end, sums) });
        }
    }

    unsafe fn tiles(
        &self,
        left: View<'_>,
        rows: Range<usize>,
        blocks: Range<usize>,
        end: &End<'_>,
        sums: &mut Vec<Line>,
    ) {
        let (k, width) = (self.k, width(self.level));
        let height = tile::panel_rows(self.level, rows.len());
        let offsets: Vec<u32> = (0..PART.min(k)).map(|i| (i * width) as u32).collect();
        let numbers = size_of::<Sums>() / 4;
        let kept = reserve(sums, rows.len().div_ceil(height) * numbers);
        for block in blocks {
            let count = width.min(self.columns - block * width);
            let runs = [Run { lane: 0, count, output: 0, place: block * width }];
            let kernel = tile::kernel(self.level, height, count);
            for part in (0..k).step_by(PART) {
                let terms = PART.min(k - part);
                for (panel, row) in rows.clone().step_by(height).enumerate() {
                    let end = End { first: end.first + row * end.plane, ..*end };
                    let job = Job {
                        weights: left.numbers[row * left.row + part * left.column..].as_ptr(),
                        row: left.row,
                        term: left.column,
                        rows: height.min(rows.end - row),
                        source: self.numbers[(block * k + part) * width..].as_ptr(),
                        offsets: &offsets[..terms],
                        lanes: count,
                        ahead: None,
                        first: part == 0,
                        last: part + terms == k,
                        sums: kept.wrapping_add(panel * numbers).cast(),
                        runs: &runs,
                        end: &end,
                    };
                    // SAFETY: `run` made sure of the rows and the blocks; the places are the caller's.
                    unsafe { kernel(self.level, &job) }
                }
            }
        }
    }
}
