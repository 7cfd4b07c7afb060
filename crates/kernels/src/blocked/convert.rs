//! From channels that lie one after the other to sixteen together, and back.

use rayon::prelude::*;

use super::{BLOCK, Maps};
use crate::buffer::Buffer;
use crate::output::Output;
use crate::simd::{Level, Simd, Work};

impl Maps {
    /// Images `(n, channels, height, width)` in this layout; lanes behind the last channel become zero.
    ///
    /// # Panics
    /// If the numbers are not whole images.
    pub fn pack(&self, level: Level, x: &[f32]) -> Buffer {
        let n = self.images(x, self.channels * self.pixels());
        let write = |to: Output| {
            self.each_block(n, |plain, blocked, channels| {
                let (from, pixels) = (x[plain..].as_ptr(), self.pixels());
                // SAFETY: the channels lie there in both layouts, and each block of an image belongs to one task.
                unsafe { convert(level, Block { pack: true, from, to: to.at(blocked), pixels, channels }) }
            });
        };
        // SAFETY: the blocks cover all images, and all lanes of all pixels of a block are written.
        unsafe { Buffer::collect(n * self.image(), write) }
    }

    /// Images in this layout as `(n, channels, height, width)`.
    ///
    /// # Panics
    /// If the numbers are not whole images.
    pub fn unpack(&self, level: Level, x: &[f32]) -> Buffer {
        let n = self.images(x, self.image());
        let write = |to: Output| {
            self.each_block(n, |plain, blocked, channels| {
                let (from, pixels) = (x[blocked..].as_ptr(), self.pixels());
                // SAFETY: the channels lie there in both layouts, and each block of an image belongs to one task.
                unsafe { convert(level, Block { pack: false, from, to: to.at(plain), pixels, channels }) }
            });
        };
        // SAFETY: the blocks cover all images, and all channels and pixels of a block are written.
        unsafe { Buffer::collect(n * self.channels * self.pixels(), write) }
    }

    /// Where each block starts in both layouts, and its number of channels.
    fn each_block(&self, n: usize, task: impl Fn(usize, usize, usize) + Sync) {
        let blocks = (0..n * self.blocks()).into_par_iter().with_min_len(self.blocks_of_task());
        blocks.for_each(|i| {
            let (image, first) = (i / self.blocks(), i % self.blocks() * BLOCK);
            let plain = (image * self.channels + first) * self.pixels();
            task(plain, i * self.plane(), BLOCK.min(self.channels - first));
        });
    }
}

/// A block of an image, to be brought from one layout to the other.
struct Block {
    /// Whether its channels shall lie together.
    pack: bool,
    from: *const f32,
    to: *mut f32,
    pixels: usize,
    /// Channels that there are; where they shall lie together, the other lanes become zero.
    channels: usize,
}

/// Brings a block from one layout to the other.
///
/// # Safety
/// All of it is readable there and writable here, and nobody else reads or writes what is written.
unsafe fn convert(level: Level, block: Block) {
    level.run(block);
}

impl Work for Block {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for pixel in (0..self.pixels).step_by(S::LANES) {
            for channel in (0..BLOCK).step_by(S::LANES) {
                let pixels = (self.pixels - pixel).min(S::LANES);
                let channels = self.channels.saturating_sub(channel).min(S::LANES);
                let (plain, blocked) = (channel * self.pixels + pixel, pixel * BLOCK + channel);
                // SAFETY: only `convert` runs it; these pixels and channels lie inside of the block.
                unsafe {
                    if self.pack {
                        let (from, to) = (self.from.wrapping_add(plain), self.to.wrapping_add(blocked));
                        let square = Square { from, row: self.pixels, to, column: BLOCK };
                        square.transpose(simd, [channels, pixels], S::LANES);
                    } else {
                        let (from, to) = (self.from.wrapping_add(blocked), self.to.wrapping_add(plain));
                        let square = Square { from, row: BLOCK, to, column: self.pixels };
                        square.transpose(simd, [pixels, channels], pixels);
                    }
                }
            }
        }
    }
}

/// As many rows as a vector has lanes, of as many numbers; and where they go as columns.
struct Square {
    from: *const f32,
    /// Between the starts of two rows.
    row: usize,
    to: *mut f32,
    /// Between the starts of two columns.
    column: usize,
}

impl Square {
    /// Transposes the first `rows` and `columns`; of each column `height` numbers are written, those behind the last row as zeros.
    ///
    /// # Safety
    /// These rows and columns are readable, and so much of the columns is writable.
    #[inline(always)]
    unsafe fn transpose<S: Simd>(&self, simd: S, [rows, columns]: [usize; 2], height: usize) {
        if rows == S::LANES && columns == S::LANES && height == S::LANES {
            // SAFETY: all of it is there.
            return unsafe { simd.transpose(self.from, self.row, self.to, self.column) };
        }
        let mut room = [[0.0; BLOCK * BLOCK]; 2];
        let [whole, turned] = room.each_mut().map(|room| room.as_mut_ptr());
        // SAFETY: the room holds a square, and masks leave out what is not there.
        unsafe {
            for r in 0..rows {
                let row = simd.load_some(self.from.add(r * self.row), simd.first(columns));
                simd.store(whole.add(r * S::LANES), row);
            }
            simd.transpose(whole, S::LANES, turned, S::LANES);
            for c in 0..columns {
                let column = simd.load(turned.add(c * S::LANES));
                simd.store_some(self.to.add(c * self.column), simd.first(height), column);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_place_and_comes_back() {
        for (channels, size) in [(16, [4, 4]), (40, [7, 7]), (3, [5, 13]), (21, [1, 1]), (32, [3, 33])] {
            let maps = Maps { channels, size };
            let pixels = size[0] * size[1];
            let x: Vec<f32> = (1..=2 * channels * pixels).map(|i| i as f32).collect();
            let mut expected = vec![0.0; 2 * maps.image()];
            for (i, x) in x.iter().enumerate() {
                let (image, channel, pixel) = (i / pixels / channels, i / pixels % channels, i % pixels);
                let block = image * maps.blocks() + channel / BLOCK;
                expected[block * maps.plane() + pixel * BLOCK + channel % BLOCK] = *x;
            }
            for level in Level::all() {
                let packed = maps.pack(level, &x);
                assert!(*packed == *expected, "{maps:?} {}", level.name());
                assert!(*maps.unpack(level, &packed) == *x, "{maps:?} {}", level.name());
            }
        }
    }

    #[test]
    fn no_images_stay_none() {
        let maps = Maps { channels: 20, size: [3, 3] };
        assert!(maps.pack(Level::best(), &[]).is_empty());
        assert!(maps.unpack(Level::best(), &[]).is_empty());
    }
}
