//! Maximum and mean over windows, sixteen channels at a time.

mod backward;
mod forward;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::BLOCK;
use crate::Windows;
use crate::buffer::Buffer;
use crate::output::Output;
use crate::simd::Level;
use backward::Backward;
use forward::Forward;

/// What becomes of the numbers in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pool {
    Max,
    /// Whether zeros around the map count.
    Mean(bool),
}

impl Windows {
    /// The largest number in each window of maps with sixteen channels together; what is not a number wins.
    ///
    /// # Panics
    /// If the numbers are not whole maps.
    pub fn blocked_max(&self, level: Level, x: &[f32]) -> Buffer {
        self.forward(level, Pool::Max, x)
    }

    /// The gradient of such maps: that of each window goes to the first place of its largest number.
    ///
    /// # Panics
    /// If `y` is not what [`Windows::blocked_max`] gives for `x`, or the gradient has another size.
    pub fn blocked_max_gradient(&self, level: Level, x: &[f32], y: &[f32], gradient: &[f32]) -> Buffer {
        assert_eq!([x.len() / self.map() * self.windows(), y.len()], [gradient.len(); 2]);
        self.gradient(level, Pool::Max, Some((x, y)), gradient)
    }

    /// The mean of each window of maps with sixteen channels together. Places around the map count as zeros if `count_padding`; those
    /// of a ragged last window behind them never do.
    ///
    /// # Panics
    /// If the numbers are not whole maps.
    pub fn blocked_mean(&self, level: Level, count_padding: bool, x: &[f32]) -> Buffer {
        self.forward(level, Pool::Mean(count_padding), x)
    }

    /// The gradient of such maps from that of [`Windows::blocked_mean`].
    ///
    /// # Panics
    /// If the numbers are not whole maps.
    pub fn blocked_mean_gradient(&self, level: Level, count_padding: bool, gradient: &[f32]) -> Buffer {
        self.gradient(level, Pool::Mean(count_padding), None, gradient)
    }

    /// Numbers of a block of channels.
    fn map(&self) -> usize {
        self.size[0] * self.size[1] * BLOCK
    }

    /// Numbers of the windows of a block of channels.
    fn windows(&self) -> usize {
        self.count[0] * self.count[1] * BLOCK
    }

    fn forward(&self, level: Level, pool: Pool, x: &[f32]) -> Buffer {
        let (map, out) = (self.map(), self.windows());
        assert_eq!(x.len() % map, 0);
        let write = |output: Output| {
            x.par_chunks(map).enumerate().for_each(|(i, map)| {
                // SAFETY: each task has the room of its own windows.
                let to = unsafe { std::slice::from_raw_parts_mut(output.at(i * out), out) };
                level.run(Forward { windows: self, pool, map, to });
            });
        };
        // SAFETY: all windows of all blocks are written.
        unsafe { Buffer::collect(x.len() / map * out, write) }
    }

    fn gradient(&self, level: Level, pool: Pool, kept: Option<(&[f32], &[f32])>, gradient: &[f32]) -> Buffer {
        let (map, windows) = (self.map(), self.windows());
        assert_eq!(gradient.len() % windows, 0);
        let write = |output: Output| {
            gradient.par_chunks(windows).enumerate().for_each(|(i, gradient)| {
                // SAFETY: each task has the room of its own map.
                let to = unsafe { std::slice::from_raw_parts_mut(output.at(i * map), map) };
                let kept = kept.map(|(x, y)| (&x[i * map..][..map], &y[i * windows..][..windows]));
                level.run(Backward { windows: self, pool, kept, gradient, to });
            });
        };
        // SAFETY: all places of all blocks are written.
        unsafe { Buffer::collect(gradient.len() / windows * map, write) }
    }

    /// By how much the sum of a window is divided.
    #[inline(always)]
    fn divisor(&self, pool: Pool, at: [usize; 2]) -> f32 {
        let length = |axis: usize| {
            let start = at[axis] * self.stride[axis];
            let end = self.size[axis] + 2 * self.padding[axis];
            match pool {
                Pool::Mean(true) => end.min(start + self.kernel[axis]) - start,
                _ => self.range(axis, at[axis]).len(),
            }
        };
        (length(0) * length(1)) as f32
    }
}
