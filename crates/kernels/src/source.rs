//! Copies of an image in which every kernel tap is a shift.

use crate::simd::{Level, Simd, Work};

/// One plane of the copy: sample (r, c) is the image's (r * step + top, c * step + left), or zero outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) top: isize,
    pub(crate) left: isize,
}

/// How an image of `channels` planes of `height` x `width` is copied.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Distance of samples in the image.
    pub(crate) step: [usize; 2],
    /// The planes made of each channel.
    pub(crate) phases: Vec<Phase>,
    /// Rows of a plane.
    pub(crate) rows: usize,
    /// Columns of a plane. Where they are fewer than the taps reach, a tap at the end of a row reads the zeros
    /// at the start of the next.
    pub(crate) stride: usize,
    /// Zeros behind everything, for taps that reach beyond the last row.
    pub(crate) slack: usize,
}

/// Numbers, some of which count as zero.
#[derive(Clone, Copy, Debug)]
pub struct Masked<'a> {
    /// The numbers.
    pub numbers: &'a [f32],
    /// A number counts as zero where this one, of as many, does not lie between two bounds: the gradient of
    /// something that was clipped.
    pub mask: Option<(&'a [f32], [f32; 2])>,
}

impl<'a> Masked<'a> {
    /// All of them count.
    pub fn all(numbers: &'a [f32]) -> Self {
        Self { numbers, mask: None }
    }

    /// Part of them.
    #[inline(always)]
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Self {
        let numbers = &self.numbers[range.clone()];
        Self { numbers, mask: self.mask.map(|(mask, bounds)| (&mask[range], bounds)) }
    }

    /// Copies every `step`-th number.
    #[inline(always)]
    fn copy(&self, step: usize, to: &mut [f32]) {
        // Plain indices: a chain of iterators is neither inlined nor made vectors of.
        let reach = to.len().saturating_sub(1) * step + usize::from(!to.is_empty());
        let numbers = &self.numbers[..reach];
        match (self.mask, step) {
            (None, 1) => to.copy_from_slice(numbers),
            (None, 2) => {
                let (pairs, last) = numbers.as_chunks::<2>();
                let (whole, rest) = to.split_at_mut(pairs.len());
                for i in 0..whole.len() {
                    whole[i] = pairs[i][0];
                }
                rest.copy_from_slice(last);
            }
            (None, _) => {
                for i in 0..to.len() {
                    to[i] = numbers[i * step];
                }
            }
            (Some((mask, [low, high])), 1) => {
                let mask = &mask[..to.len()];
                for i in 0..to.len() {
                    to[i] = unless_clipped(numbers[i], mask[i], low, high);
                }
            }
            (Some((mask, [low, high])), _) => {
                let mask = &mask[..reach];
                for i in 0..to.len() {
                    to[i] = unless_clipped(numbers[i * step], mask[i * step], low, high);
                }
            }
        }
    }
}

/// The number where the mask lies between its bounds or is not a number, otherwise zero; without a branch, for vectors.
#[inline(always)]
fn unless_clipped(number: f32, mask: f32, low: f32, high: f32) -> f32 {
    let keep = u32::from(!((mask <= low) | (mask >= high)));
    f32::from_bits(number.to_bits() & keep.wrapping_neg())
}

impl Source {
    /// The numbers as they are.
    pub(crate) fn same(channels: usize, [height, width]: [usize; 2]) -> Self {
        let phases = vec![Phase { top: 0, left: 0 }];
        Self { channels, height, width, step: [1, 1], phases, rows: height, stride: width, slack: 0 }
    }

    /// Numbers of one plane.
    pub(crate) fn plane(&self) -> usize {
        self.rows * self.stride
    }

    /// Numbers of the planes of one channel.
    pub(crate) fn channel(&self) -> usize {
        self.phases.len() * self.plane()
    }

    /// Numbers of the whole copy.
    fn len(&self) -> usize {
        self.channels * self.channel() + self.slack
    }

    /// Copies an image.
    pub(crate) fn copy(&self, level: Level, image: Masked<'_>, copy: &mut Vec<f32>) {
        // What lies there from the last time is overwritten.
        copy.resize(self.len(), 0.0);
        level.run(Copy { source: self, image, copy });
    }

    #[inline(always)]
    fn fill(&self, image: Masked<'_>, copy: &mut [f32]) {
        let (planes, slack) = copy.split_at_mut(self.channels * self.channel());
        slack.fill(0.0);
        for (i, plane) in planes.chunks_mut(self.plane()).enumerate() {
            let (channel, phase) = (i / self.phases.len(), self.phases[i % self.phases.len()]);
            for (r, row) in plane.chunks_mut(self.stride).enumerate() {
                let y = (r * self.step[0]) as isize + phase.top;
                if (0..self.height as isize).contains(&y) {
                    let start = (channel * self.height + y as usize) * self.width;
                    self.copy_row(image.part(start..start + self.width), phase.left, row);
                } else {
                    row.fill(0.0);
                }
            }
        }
    }

    /// Sample c is `from[c * step + left]`.
    #[inline(always)]
    fn copy_row(&self, from: Masked<'_>, left: isize, to: &mut [f32]) {
        let step = self.step[1];
        let first = ((-left).max(0) as usize).div_ceil(step).min(to.len());
        let start = ((first * step) as isize + left).max(0) as usize;
        let count = self.width.saturating_sub(start).div_ceil(step).min(to.len() - first);
        to[..first].fill(0.0);
        to[first + count..].fill(0.0);
        if count > 0 {
            from.part(start..self.width).copy(step, &mut to[first..first + count]);
        }
    }
}

/// [`Source::fill`] with the instructions of this processor.
struct Copy<'a> {
    source: &'a Source,
    image: Masked<'a>,
    copy: &'a mut [f32],
}

impl Work for Copy<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        self.source.fill(self.image, self.copy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_every_second_sample_with_a_border() {
        let source = Source {
            channels: 1,
            height: 3,
            width: 4,
            step: [2, 2],
            phases: vec![Phase { top: -1, left: -1 }],
            rows: 2,
            stride: 3,
            slack: 1,
        };
        let image: Vec<f32> = (1..=12).map(|i| i as f32).collect();
        let mut copy = vec![7.0; 3];
        source.copy(Level::best(), Masked::all(&image), &mut copy);
        // Rows -1 and 1, columns -1, 1 and 3.
        assert_eq!(copy, [0.0, 0.0, 0.0, 0.0, 6.0, 8.0, 0.0]);
    }

    #[test]
    fn what_was_clipped_counts_as_zero() {
        let mask = [0.0, 0.5, 6.0, f32::NAN];
        let masked = Masked { numbers: &[1.0, 2.0, 3.0, 4.0], mask: Some((&mask, [0.0, 6.0])) };
        let mut copy = Vec::new();
        Source::same(1, [2, 2]).copy(Level::best(), masked, &mut copy);
        assert_eq!(copy, [0.0, 2.0, 0.0, 4.0]); // what is not a number stays visible
    }
}
