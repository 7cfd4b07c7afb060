//! Copies of an image in which every kernel tap is a shift.

use crate::simd::{Level, Simd, Work};

/// One plane of the copy: sample (r, c) is the image's (r * step + top, c * step + left), or zero outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) top: isize,
    pub(crate) left: isize,
}

/// How an image is copied. A sample is one number, or those of a block of channels.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Channels, or blocks of them.
    pub(crate) channels: usize,
    /// Numbers of a sample.
    pub(crate) unit: usize,
    /// Height and width of the image.
    pub(crate) size: [usize; 2],
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
    pub(crate) fn copy(&self, step: usize, to: &mut [f32]) {
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
    /// Numbers of one plane.
    pub(crate) fn plane(&self) -> usize {
        self.rows * self.stride * self.unit
    }

    /// Numbers of the planes of one channel.
    pub(crate) fn channel(&self) -> usize {
        self.phases.len() * self.plane()
    }

    /// Numbers of the whole copy.
    pub(crate) fn len(&self) -> usize {
        self.channels * self.channel() + self.slack * self.unit
    }

    /// Copies an image to [`Source::len`] numbers.
    pub(crate) fn copy(&self, level: Level, image: Masked<'_>, copy: &mut [f32]) {
        level.run(Copy { source: self, image, copy });
    }

    #[inline(always)]
    fn fill(&self, image: Masked<'_>, copy: &mut [f32]) {
        let [height, width] = self.size;
        let (planes, slack) = copy.split_at_mut(self.channels * self.channel());
        slack.fill(0.0);
        for (i, plane) in planes.chunks_mut(self.plane()).enumerate() {
            let (channel, phase) = (i / self.phases.len(), self.phases[i % self.phases.len()]);
            for (r, row) in plane.chunks_mut(self.stride * self.unit).enumerate() {
                let y = (r * self.step[0]) as isize + phase.top;
                if (0..height as isize).contains(&y) {
                    let start = (channel * height + y as usize) * width * self.unit;
                    self.copy_row(image.part(start..start + width * self.unit), phase.left, row);
                } else {
                    row.fill(0.0);
                }
            }
        }
    }

    /// Sample c is `from[c * step + left]`.
    #[inline(always)]
    fn copy_row(&self, from: Masked<'_>, left: isize, to: &mut [f32]) {
        let (step, unit, width) = (self.step[1], self.unit, self.size[1]);
        let first = ((-left).max(0) as usize).div_ceil(step).min(self.stride);
        let start = ((first * step) as isize + left).max(0) as usize;
        let count = width.saturating_sub(start).div_ceil(step).min(self.stride - first);
        to[..first * unit].fill(0.0);
        to[(first + count) * unit..].fill(0.0);
        if count == 0 {
            return;
        }
        let (from, to) =
            (from.part(start * unit..width * unit), &mut to[first * unit..(first + count) * unit]);
        if unit == 1 || step == 1 {
            from.copy(step, to);
        } else {
            for (i, to) in to.chunks_mut(unit).enumerate() {
                from.part(i * step * unit..(i * step + 1) * unit).copy(1, to);
            }
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
            unit: 1,
            size: [3, 4],
            step: [2, 2],
            phases: vec![Phase { top: -1, left: -1 }],
            rows: 2,
            stride: 3,
            slack: 1,
        };
        let image: Vec<f32> = (1..=12).map(|i| i as f32).collect();
        let mut copy = vec![7.0; 7];
        source.copy(Level::best(), Masked::all(&image), &mut copy);
        // Rows -1 and 1, columns -1, 1 and 3.
        assert_eq!(copy, [0.0, 0.0, 0.0, 0.0, 6.0, 8.0, 0.0]);
    }

    #[test]
    fn what_was_clipped_counts_as_zero() {
        let mask = [0.0, 0.5, 6.0, f32::NAN];
        let masked = Masked { numbers: &[1.0, 2.0, 3.0, 4.0], mask: Some((&mask, [0.0, 6.0])) };
        let mut copy = [7.0; 4];
        masked.copy(1, &mut copy);
        assert_eq!(copy, [0.0, 2.0, 0.0, 4.0]); // what is not a number stays visible
    }
}
