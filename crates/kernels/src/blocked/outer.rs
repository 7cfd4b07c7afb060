//! Products of what a layer reads with the gradient of what it gives, added up over pixels: the gradient of its weights.

use std::ops::Range;

use rayon::prelude::*;

use super::{BLOCK, Maps, VECTORS};
use crate::buffer::Buffer;
use crate::lines::Lines;
use crate::parts::{SUMS, part, split};
use crate::simd::{Level, Simd, Work};

/// Terms of a tile: with two vectors of outputs each, and one vector for them, their sums fit into the registers.
pub(crate) const TERMS: usize = 8;
/// Pixels that a tile adds up before they join the sum: what is read of them lies in the first-level cache for all tiles.
const PIXELS: usize = 128;
/// Numbers that the sums of all parts may have together.
const ROOM: usize = 1 << 26;

/// What a layer read and the gradient of what it gave, image by image.
pub(crate) trait Samples: Sync {
    /// Numbers of room for the copies of an image.
    fn room(&self) -> usize;
    /// Samples and gradient of an image, in the room or where they lie.
    fn image<'a>(&'a self, image: usize, room: &'a mut [f32]) -> Image<'a>;
}

/// An image's samples, and its gradient in blocks of channels.
pub(crate) struct Image<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) gradient: &'a [f32],
}

/// The gradient of all weights between terms and outputs.
pub(crate) struct Outer<'a> {
    pub(crate) level: Level,
    /// Where the samples of each term start.
    pub(crate) terms: &'a [usize],
    /// Distances of samples from row to row and from pixel to pixel of the gradient.
    pub(crate) row: usize,
    pub(crate) pixel: usize,
    /// Those of the gradient.
    pub(crate) maps: Maps,
}

/// The sums of some units of outputs: `[unit][term][output of the unit]`.
struct Sums {
    units: Range<usize>,
    numbers: Lines,
}

impl Outer<'_> {
    /// For each output the sums of all terms, `[output][term]`. The order of the sums depends on the number of images alone.
    pub(crate) fn run(&self, images: usize, samples: &impl Samples) -> Buffer {
        let terms = self.terms.len().next_multiple_of(TERMS);
        let parts = SUMS.min(images).min(ROOM / (terms * self.maps.blocks() * BLOCK)).max(1);
        // Where there are few parts, threads share the units of one.
        let shares = SUMS.div_ceil(parts).min(self.units());
        let sums: Vec<Sums> = (0..parts * shares)
            .into_par_iter()
            .with_max_len(1)
            .map(|i| {
                self.sums(part(i / shares, parts, images), part(i % shares, shares, self.units()), samples)
            })
            .collect();
        let mut whole = Buffer::zeros(self.maps.channels * self.terms.len());
        let rows = whole.par_chunks_mut(self.terms.len()).enumerate();
        rows.for_each(|(output, row)| self.add_up(&sums, output, row));
        whole
    }

    /// Adds the sums of one output over all parts.
    fn add_up(&self, sums: &[Sums], output: usize, row: &mut [f32]) {
        let unit = output / self.width();
        let lanes = self.lanes(unit);
        for sums in sums.iter().filter(|sums| sums.units.contains(&unit)) {
            let numbers = &sums.numbers.numbers()[self.start(&sums.units, unit)..];
            let numbers = numbers[output - lanes.start..].iter().step_by(lanes.len());
            row.iter_mut().zip(numbers).for_each(|(to, number)| *to += number);
        }
    }

    /// Outputs of a unit: those of a tile.
    fn width(&self) -> usize {
        self.level.lanes() * if self.level.lanes() == BLOCK { VECTORS } else { 1 }
    }

    fn units(&self) -> usize {
        (self.maps.blocks() * BLOCK).div_ceil(self.width())
    }

    /// The outputs of a unit.
    fn lanes(&self, unit: usize) -> Range<usize> {
        unit * self.width()..((unit + 1) * self.width()).min(self.maps.blocks() * BLOCK)
    }

    /// Where the sums of a unit start among those of some.
    fn start(&self, units: &Range<usize>, unit: usize) -> usize {
        (unit - units.start) * self.width() * self.terms.len().next_multiple_of(TERMS)
    }

    /// The sums of some units over some images.
    fn sums(&self, images: Range<usize>, units: Range<usize>, samples: &impl Samples) -> Sums {
        let terms = self.terms.len().next_multiple_of(TERMS);
        let end = self.lanes(units.end - 1).end;
        let mut numbers = Lines::zeros((end - units.start * self.width()) * terms);
        let [rows, columns] = self.maps.size;
        // Small images together, large ones in bands of rows; parts of a row where one is long.
        let together = (PIXELS / (rows * columns).max(1)).max(1);
        let height = (PIXELS / columns.max(1)).clamp(1, rows.max(1));
        let mut room = Lines::default();
        for start in images.clone().step_by(together) {
            let images = start..images.end.min(start + together);
            let room = room.reserve(images.len() * samples.room());
            let mut rooms = room.chunks_mut(samples.room().max(1));
            let set: Vec<Image<'_>> =
                images.map(|image| samples.image(image, rooms.next().unwrap_or_default())).collect();
            for band in split(rows, height) {
                for columns in split(columns, PIXELS) {
                    let window = Window { images: &set, rows: band.clone(), columns };
                    self.window(&window, &units, numbers.reserve(0));
                }
            }
        }
        Sums { units, numbers }
    }

    /// Adds the products of a window to the sums of some units.
    fn window(&self, window: &Window<'_>, units: &Range<usize>, sums: &mut [f32]) {
        for unit in units.clone() {
            let lanes = self.lanes(unit);
            let start = self.start(units, unit);
            for (i, terms) in self.terms.chunks(TERMS).enumerate() {
                let mut at = [terms[terms.len() - 1]; TERMS];
                at[..terms.len()].copy_from_slice(terms);
                let job = Job { outer: self, window, at, first: lanes.start };
                let sums = &mut sums[start + i * TERMS * lanes.len()..][..TERMS * lanes.len()];
                if lanes.len() > self.level.lanes() {
                    self.level.run(Tile::<2> { job, sums });
                } else {
                    self.level.run(Tile::<1> { job, sums });
                }
            }
        }
    }
}

/// Pixels of some images.
struct Window<'a> {
    images: &'a [Image<'a>],
    rows: Range<usize>,
    columns: Range<usize>,
}

struct Job<'a> {
    outer: &'a Outer<'a>,
    window: &'a Window<'a>,
    at: [usize; TERMS],
    /// The first output.
    first: usize,
}

/// `sums[term][output] += sum_pixel x[term, pixel] gradient[pixel, output]`, for so many vectors of outputs.
struct Tile<'a, const V: usize> {
    job: Job<'a>,
    sums: &'a mut [f32],
}

impl<const V: usize> Work for Tile<'_, V> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // Two vectors of sums are only kept where there are registers for them.
        assert!(V == 1 || S::LANES == BLOCK);
        let Job { outer, window, at, first } = self.job;
        let [rows, columns] = [&window.rows, &window.columns];
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        assert_eq!(self.sums.len(), TERMS * V * S::LANES);
        let (plane, width) = (outer.maps.plane(), outer.maps.size[1]);
        let furthest = at.iter().copied().fold(0, usize::max);
        let last = furthest + (rows.end - 1) * outer.row + (columns.end - 1) * outer.pixel;
        let mut sums = [[simd.splat(0.0); V]; TERMS];
        for image in window.images {
            let block = &image.gradient[first / BLOCK * plane + first % BLOCK..];
            assert!(last < image.x.len(), "the samples end before the last pixel");
            assert!(
                (V - 1) * plane + plane - BLOCK + S::LANES <= block.len(),
                "the gradient ends before the last pixel"
            );
            for row in rows.clone() {
                let mut x = image.x.as_ptr().wrapping_add(row * outer.row + columns.start * outer.pixel);
                let mut gradient = block.as_ptr().wrapping_add((row * width + columns.start) * BLOCK);
                for _ in columns.clone() {
                    let mut line = [simd.splat(0.0); V];
                    for v in 0..V {
                        // SAFETY: the pixel is one of the maps', which the gradient has all of.
                        line[v] = unsafe { simd.load(gradient.add(v * plane)) };
                    }
                    for t in 0..TERMS {
                        // SAFETY: no sample lies behind the last one.
                        let sample = simd.splat(unsafe { *x.add(at[t]) });
                        for v in 0..V {
                            sums[t][v] = simd.fma(sample, line[v], sums[t][v]);
                        }
                    }
                    x = x.wrapping_add(outer.pixel);
                    gradient = gradient.wrapping_add(BLOCK);
                }
            }
        }
        for t in 0..TERMS {
            for v in 0..V {
                // SAFETY: there are sums for all terms and outputs.
                unsafe {
                    let to = self.sums.as_mut_ptr().add((t * V + v) * S::LANES);
                    simd.store(to, simd.add(simd.load(to), sums[t][v]));
                }
            }
        }
    }
}
