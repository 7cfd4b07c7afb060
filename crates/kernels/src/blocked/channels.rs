//! Some channels of maps, and maps beside each other: whole blocks are copied.

use std::ops::Range;

use rayon::prelude::*;

use super::{BLOCK, Maps};
use crate::buffer::Buffer;
use crate::output::Output;

impl Maps {
    /// Maps of the same images with their channels one after the other. Each part's gradient is a [slice](Maps::slice).
    ///
    /// # Panics
    /// If sizes or images differ, or the channels of a part that is not the last one do not fill blocks.
    pub fn concat(parts: &[(Self, &[f32])]) -> Buffer {
        let Some((last, others)) = parts.split_last() else { return Buffer::default() };
        let whole = others.iter().all(|(maps, _)| maps.channels.is_multiple_of(BLOCK));
        assert!(whole, "channels of all parts but the last must fill blocks");
        let n = last.0.images(last.1, last.0.image());
        let fit = |(maps, x): &(Self, &[f32])| maps.size == last.0.size && x.len() == n * maps.image();
        assert!(parts.iter().all(fit), "parts have the same images");
        let blocks: Vec<(Self, &[f32], usize)> =
            parts.iter().flat_map(|(maps, x)| (0..maps.blocks()).map(|block| (*maps, *x, block))).collect();
        let plane = last.0.plane();
        // SAFETY: each block is copied.
        unsafe {
            collect(n * blocks.len(), plane, |i| {
                let (maps, x, block) = blocks[i % blocks.len()];
                Some(&x[(i / blocks.len() * maps.blocks() + block) * plane..][..plane])
            })
        }
    }

    /// Some channels of maps; their gradient is [spread](Maps::slice_gradient).
    ///
    /// # Panics
    /// If the numbers are not whole images, or the channels do not begin and end with a block.
    pub fn slice(&self, x: &[f32], channels: Range<usize>) -> Buffer {
        let n = self.images(x, self.image());
        let (blocks, plane) = (self.whole(channels), self.plane());
        // SAFETY: each block is copied.
        unsafe {
            collect(n * blocks.len(), plane, |i| {
                let block = i / blocks.len() * self.blocks() + blocks.start + i % blocks.len();
                Some(&x[block * plane..][..plane])
            })
        }
    }

    /// The gradient of maps from that of some of their channels; that of the others is zero.
    ///
    /// # Panics
    /// If the numbers are not whole images of these channels, or they do not begin and end with a block.
    pub fn slice_gradient(&self, gradient: &[f32], channels: Range<usize>) -> Buffer {
        let part = Self { channels: channels.len(), ..*self };
        let n = part.images(gradient, part.image());
        let (blocks, plane) = (self.whole(channels), self.plane());
        // SAFETY: each block is copied or filled.
        unsafe {
            collect(n * self.blocks(), plane, |i| {
                let (image, block) = (i / self.blocks(), i % self.blocks());
                let at = image * blocks.len() + block.checked_sub(blocks.start)?;
                blocks.contains(&block).then(|| &gradient[at * plane..][..plane])
            })
        }
    }

    /// The blocks of channels.
    fn whole(&self, channels: Range<usize>) -> Range<usize> {
        let ends = channels.end == self.channels
            || channels.end.is_multiple_of(BLOCK) && channels.end < self.channels;
        assert!(
            channels.start.is_multiple_of(BLOCK) && ends,
            "channels {channels:?} of {self:?} are not whole blocks"
        );
        channels.start / BLOCK..channels.end.div_ceil(BLOCK)
    }
}

/// Copies of `count` blocks, or zeros where there is none.
///
/// # Safety
/// The blocks have `plane` numbers.
unsafe fn collect<'a>(
    count: usize,
    plane: usize,
    block: impl Fn(usize) -> Option<&'a [f32]> + Sync,
) -> Buffer {
    let write = |output: Output| {
        (0..count).into_par_iter().for_each(|i| {
            let to = output.at(i * plane);
            // SAFETY: each task has the room of its own block.
            unsafe {
                match block(i) {
                    Some(from) => to.copy_from_nonoverlapping(from.as_ptr(), plane),
                    None => to.write_bytes(0, plane),
                }
            }
        });
    };
    // SAFETY: all blocks are written.
    unsafe { Buffer::collect(count * plane, write) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    const SIZE: [usize; 2] = [3, 2];

    fn maps(channels: usize) -> Maps {
        Maps { channels, size: SIZE }
    }

    fn numbers(channels: usize, seed: usize) -> Vec<f32> {
        (0..2 * channels * 6).map(|i| (1000 * seed + i) as f32).collect()
    }

    fn pack(channels: usize, x: &[f32]) -> Buffer {
        maps(channels).pack(Level::best(), x)
    }

    fn plain(channels: usize, x: &[f32]) -> Vec<f32> {
        assert!(x.iter().all(|x| x.is_finite()));
        maps(channels).unpack(Level::best(), x).to_vec()
    }

    /// Some channels of both images.
    fn part(x: &[f32], channels: Range<usize>) -> Vec<f32> {
        x.chunks(x.len() / 2)
            .flat_map(|image| &image[channels.start * 6..channels.end * 6])
            .copied()
            .collect()
    }

    #[test]
    fn parts_lie_beside_each_other_and_are_slices_of_the_whole() {
        let x = numbers(53, 0);
        let ranges = [0..16, 16..48, 48..53];
        let parts = ranges.clone().map(|range| pack(range.len(), &part(&x, range)));
        let with_maps: Vec<_> =
            parts.iter().zip([16, 32, 5]).map(|(x, channels)| (maps(channels), &**x)).collect();
        let whole = Maps::concat(&with_maps);
        assert_eq!(plain(53, &whole), x);
        for range in ranges {
            assert_eq!(plain(range.len(), &maps(53).slice(&whole, range.clone())), part(&x, range));
        }
    }

    #[test]
    fn channels_that_were_left_out_have_no_gradient() {
        for range in [0..16, 16..32, 16..53, 0..53] {
            let gradient = numbers(range.len(), 7);
            let got = maps(53).slice_gradient(&pack(range.len(), &gradient), range.clone());
            let got = plain(53, &got);
            assert_eq!(part(&got, range.clone()), gradient);
            assert!(part(&got, 0..range.start).iter().chain(&part(&got, range.end..53)).all(|x| *x == 0.0));
        }
    }

    #[test]
    #[should_panic(expected = "not whole blocks")]
    fn a_slice_inside_of_a_block_is_refused() {
        maps(53).slice(&pack(53, &numbers(53, 0)), 0..8);
    }
}
