//! Runs a convolution's products over images, spread over threads.

use std::cell::RefCell;
use std::ops::Range;

use rayon::prelude::*;

use super::weights::Weights;
use crate::blocked::{self, BLOCK, Job, Maps};
use crate::buffer::Buffer;
use crate::grid::Grid;
use crate::lines::Lines;
use crate::memory::half_of_cache;
use crate::output::Output;
use crate::parts::{part, split};
use crate::source::{Masked, Source};
use crate::{Epilogue, simd::Level};

/// Terms that are added up before they join the sum.
const PART: usize = 256;

/// Tasks for each thread.
const TASKS: usize = 4;
/// Units for which the copy of an image costs little.
const COPIES: usize = 4;

/// Products that read the same image, or one copy of it.
pub(super) struct Pass<'a> {
    pub(super) level: Level,
    /// The copy; where there is none, the pixels of an image are read as they are, one after the other.
    pub(super) source: Option<Source>,
    pub(super) products: Vec<Product<'a>>,
    /// Numbers of an image.
    pub(super) image: usize,
    /// The results.
    pub(super) maps: Maps,
    /// One number for each channel of the results' blocks.
    pub(super) bias: Option<&'a [f32]>,
    pub(super) epilogue: Epilogue<'a>,
}

/// One product of a pass.
pub(super) struct Product<'a> {
    /// For each group of channels.
    pub(super) weights: &'a [Weights],
    /// Where the taps' samples start in a block of the source.
    pub(super) taps: Vec<usize>,
    pub(super) grid: Grid,
}

/// Part of an image as the products read it.
struct Piece<'a> {
    image: usize,
    /// The columns of the results; all where rows are not joined.
    columns: Range<usize>,
    /// From the first column on.
    samples: &'a [f32],
    /// Numbers between blocks.
    block: usize,
}

impl<'a> Piece<'a> {
    /// The tiles of a piece of joined pixels.
    fn tiles(&self, most: usize) -> impl Iterator<Item = Piece<'a>> + use<'a> {
        let Self { image, ref columns, samples, block } = *self;
        let start = columns.start;
        split(columns.len(), most).map(move |tile| Piece {
            image,
            columns: start + tile.start..start + tile.end,
            samples: &samples[tile.start * BLOCK..],
            block,
        })
    }
}

thread_local! {
    /// Where a thread's copies lie.
    static ROOM: RefCell<Lines> = RefCell::default();
}

impl Pass<'_> {
    /// The results of all images; what no product writes is zero.
    pub(super) fn run(&self, input: Masked<'_>) -> Buffer {
        let n = input.numbers.len() / self.image;
        let count = n * self.maps.image();
        assert_eq!(input.numbers.len(), n * self.image);
        assert!(input.mask.is_none_or(|(mask, _)| mask.len() == input.numbers.len()));
        assert!(self.epilogue.add.is_none_or(|add| add.len() == count));
        assert!(self.bias.is_none_or(|bias| bias.len() == self.maps.blocks() * BLOCK));
        let write = |output| match self.source {
            Some(_) => self.copied(input, n, output),
            None => self.joined(input, n, output),
        };
        // SAFETY: each place belongs to a group of channels of an image, whose task clears its blocks and writes the products'
        // results, or only writes where these are all.
        unsafe { Buffer::collect(count, write) }
    }

    /// Tasks of whole images, whose copies stay in the second-level cache while the weights pass by.
    fn copied(&self, input: Masked<'_>, n: usize, output: Output) {
        let Some(source) = &self.source else { return };
        let tasks = tasks(n, half_of_cache() / 2 / (4 * source.len()));
        self.spread(n, tasks, COPIES, |images, units| {
            ROOM.with_borrow_mut(|room| {
                let room = room.reserve(images.len() * source.len());
                let mut pieces = Vec::with_capacity(images.len());
                for (image, copy) in images.zip(room.chunks_mut(source.len())) {
                    source.copy(self.level, input.part(image * self.image..(image + 1) * self.image), copy);
                    pieces.push(Piece { image, columns: 0..0, samples: copy, block: source.channel() });
                }
                // SAFETY: `spread` gives each task images or units of its own.
                unsafe { self.task(&pieces, units, output) }
            });
        });
    }

    /// Tasks of pixels one after the other. If the weights fit into the cache, the pixels that a task reads do so as well, else it
    /// reads all of its pixels for each group of weights.
    fn joined(&self, input: Masked<'_>, n: usize, output: Output) {
        let product = &self.products[0];
        let (pixels, channels) = (product.grid.columns, self.image / product.grid.columns);
        let most = (half_of_cache() / 2 / (4 * channels)).max(1).next_multiple_of(self.level.pixels());
        let chunks: Vec<(usize, Range<usize>)> =
            (0..n).flat_map(|image| split(pixels, most).map(move |columns| (image, columns))).collect();
        let weights: usize = product.weights.iter().map(Weights::len).sum();
        let small = 4 * weights <= half_of_cache();
        let tasks = if small { chunks.len() } else { rayon::current_num_threads().min(chunks.len()) };
        self.spread(chunks.len(), tasks, 1, |range, units| {
            ROOM.with_borrow_mut(|room| {
                let chunks = &chunks[range];
                let all: usize = chunks.iter().map(|(_, columns)| columns.len() * channels).sum();
                let mut room = room.reserve(if input.mask.is_some() { all } else { 0 });
                let mut pieces = Vec::with_capacity(chunks.len());
                for (image, columns) in chunks {
                    let pixels = input.part(image * self.image..(image + 1) * self.image);
                    let (copy, rest) = std::mem::take(&mut room).split_at_mut(match input.mask {
                        Some(_) => columns.len() * channels,
                        None => 0,
                    });
                    room = rest;
                    pieces.push(self.chunk(pixels, *image, columns.clone(), copy));
                }
                if channels > self.maps.channels {
                    // Tile by tile: what is read of the samples is more than what is written, and stays in the first-level cache while
                    // the weights pass by. Else plane by plane, so that few streams of results are written at a time.
                    pieces = pieces.iter().flat_map(|piece| piece.tiles(self.level.pixels())).collect();
                    for piece in &pieces {
                        // SAFETY: `spread` gives each task pixels or units of its own.
                        unsafe { self.task(std::slice::from_ref(piece), units.clone(), output) }
                    }
                } else {
                    // SAFETY: likewise.
                    unsafe { self.task(&pieces, units, output) }
                }
            });
        });
    }

    /// Some columns of an image, copied where some of its numbers count as zero.
    fn chunk<'a>(
        &self,
        pixels: Masked<'a>,
        image: usize,
        columns: Range<usize>,
        copy: &'a mut [f32],
    ) -> Piece<'a> {
        let plane = self.products[0].grid.columns * BLOCK;
        if pixels.mask.is_none() {
            let samples = &pixels.numbers[columns.start * BLOCK..];
            return Piece { image, columns, samples, block: plane };
        }
        let block = columns.len() * BLOCK;
        for (i, to) in copy.chunks_mut(block).enumerate() {
            let from = pixels.part(i * plane + columns.start * BLOCK..i * plane + columns.end * BLOCK);
            self.level.run(Copy { from, to });
        }
        Piece { image, columns, samples: copy, block }
    }

    /// Calls `task` with even parts of `0..n`, and of the units where there are few tasks for the threads: one that is slower for a
    /// while, as those of shared processors are, then has fewer. A part has at least `least` units unless threads would wait for it.
    fn spread(&self, n: usize, tasks: usize, least: usize, task: impl Fn(Range<usize>, Range<usize>) + Sync) {
        if n == 0 {
            return;
        }
        // Groups of outputs that share a block belong together.
        let step = BLOCK.div_ceil(blocked::outputs(self.level));
        let units = self.units() / step;
        let threads = rayon::current_num_threads();
        let wanted = (TASKS * threads).div_ceil(tasks).min(units / least);
        let shares = wanted.max(threads.div_ceil(tasks)).min(units);
        (0..tasks * shares).into_par_iter().with_max_len(1).for_each(|i| {
            let units = part(i % shares, shares, units);
            task(part(i / shares, tasks, n), units.start * step..units.end * step);
        });
    }

    /// Groups of outputs of all groups of channels; those of all products are as many.
    fn units(&self) -> usize {
        let weights = self.products[0].weights;
        weights.len() * weights[0].groups()
    }

    /// Some units of some pieces.
    ///
    /// # Safety
    /// Nothing else reads or writes their places in the output, which has room for the maps of all images.
    unsafe fn task(&self, pieces: &[Piece<'_>], units: Range<usize>, output: Output) {
        let written: usize = self.products.iter().map(|product| product.grid.positions()).sum();
        let clear = written < self.maps.size[0] * self.maps.size[1];
        for unit in units {
            if clear {
                // SAFETY: the caller's.
                unsafe { self.clear(pieces, unit, output) }
            }
            for product in &self.products {
                let mut next = product.next(unit);
                for piece in pieces {
                    // SAFETY: the caller's.
                    unsafe { self.piece(product, unit, piece, &mut next, output) }
                }
            }
        }
    }

    /// The results' lanes of a unit that come first in its block, and all of its lanes.
    fn lanes(&self, unit: usize) -> Range<usize> {
        let weights = self.products[0].weights;
        let (group, i) = (unit / weights[0].groups(), unit % weights[0].groups());
        let outputs = weights[0].outputs(i);
        let first = group * self.maps.channels / weights.len();
        first + outputs.start..first + outputs.end
    }

    /// Where a channel's first pixel lies in the maps of an image.
    fn place(&self, image: usize, channel: usize) -> usize {
        image * self.maps.image() + channel / BLOCK * self.maps.plane() + channel % BLOCK
    }

    /// Writes zeros to the blocks of a unit.
    unsafe fn clear(&self, pieces: &[Piece<'_>], unit: usize, output: Output) {
        for piece in pieces {
            for block in self.lanes(unit).step_by(BLOCK).filter(|lane| lane % BLOCK == 0) {
                // SAFETY: the caller's, and the task of a unit has all units of its blocks.
                unsafe { output.at(self.place(piece.image, block)).write_bytes(0, self.maps.plane()) }
            }
        }
    }

    /// One unit of one piece, in tiles.
    unsafe fn piece(
        &self,
        product: &Product<'_>,
        unit: usize,
        piece: &Piece<'_>,
        next: &mut Ahead<'_>,
        output: Output,
    ) {
        let (weights, group) = product.weights_of(unit);
        let (grid, lanes) = (&product.grid, self.lanes(unit));
        let columns = if self.source.is_some() { 0..grid.columns } else { piece.columns.clone() };
        let vectors = lanes.len() / self.level.lanes();
        let furthest = product.taps.iter().copied().max().unwrap_or(0);
        let samples = &piece.samples[unit / weights.groups() * weights.blocks * piece.block..];
        for row in 0..grid.rows {
            for tile in split(columns.len(), self.level.pixels()) {
                let column = columns.start + tile.start;
                let pixel = grid.first + row * grid.row_step + column * grid.column_step;
                let at = self.place(piece.image, lanes.start) + pixel * BLOCK;
                let job = Job {
                    x: &samples[(row * grid.stride + tile.start) * weights.terms..],
                    blocks: weights.blocks,
                    block: piece.block,
                    taps: &product.taps,
                    furthest,
                    part: (PART / (weights.terms * product.taps.len())).max(1),
                    weights: weights.group(group),
                    next: next.take(weights.sum()),
                    count: lanes.len(),
                    bias: self.bias.map(|bias| &bias[lanes.clone()]),
                    out: output.at(at),
                    pixel: grid.column_step * BLOCK,
                    // A vector of a whole block goes to the next block's plane.
                    vector: if self.level.lanes() == BLOCK { self.maps.plane() } else { self.level.lanes() },
                    added: self.epilogue.add.map(|add| add.as_ptr().wrapping_add(at)),
                    clip: self.epilogue.clip,
                };
                // SAFETY: the places of the unit belong to the caller, and what is added is as large as the output.
                unsafe { blocked::kernel(tile.len(), vectors, weights.terms)(self.level, &job) }
                if let Some(end) = self.epilogue.end {
                    for lane in (0..job.count).step_by(BLOCK) {
                        let (start, count) =
                            (job.out.wrapping_add(lane / BLOCK * job.vector), job.count.min(BLOCK));
                        // SAFETY: likewise; while the results are in the first-level cache.
                        unsafe { end.change(self.level, start, [tile.len(), count, job.pixel]) }
                    }
                }
            }
        }
    }
}

impl Product<'_> {
    /// The weights of a unit, and their group.
    fn weights_of(&self, unit: usize) -> (&Weights, usize) {
        let groups = self.weights[0].groups();
        (&self.weights[unit / groups], unit % groups)
    }

    /// The weights behind those of a unit, if they do not lie in the cache by themselves.
    fn next(&self, unit: usize) -> Ahead<'_> {
        let (weights, group) = self.weights_of(unit);
        if group + 1 == weights.groups() || 4 * weights.len() <= half_of_cache() {
            return Ahead(&[]);
        }
        Ahead(weights.group(group + 1))
    }
}

/// Numbers that will be wanted soon.
struct Ahead<'a>(&'a [f32]);

impl Ahead<'_> {
    /// Where to ask for so many lines of them, unless all were asked for.
    fn take(&mut self, lines: usize) -> Option<*const f32> {
        let at = (!self.0.is_empty()).then_some(self.0.as_ptr());
        self.0 = &self.0[self.0.len().min(lines * BLOCK)..];
        at
    }
}

/// The number of tasks for `n` images of which so many should be together, even over the threads.
fn tasks(n: usize, together: usize) -> usize {
    let (tasks, threads) = (n.div_ceil(together.max(1)), rayon::current_num_threads());
    if n < threads { n } else { tasks.next_multiple_of(threads).min(n) }
}

/// [`Masked::copy`] with the instructions of this processor.
struct Copy<'a> {
    from: Masked<'a>,
    to: &'a mut [f32],
}

impl crate::simd::Work for Copy<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: crate::simd::Simd>(self, _: S) {
        self.from.copy(1, self.to);
    }
}
