//! Copies of a picture in which every kernel tap is a shift.

/// One plane of the copy: sample (r, c) is the picture's (r * step + top, c * step + left), or zero outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) top: isize,
    pub(crate) left: isize,
}

/// How a picture of `channels` planes of `height` x `width` is copied.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Distance of samples in the picture.
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

impl Source {
    /// Numbers of one plane.
    pub(crate) fn plane(&self) -> usize {
        self.rows * self.stride
    }

    /// Numbers of the whole copy.
    pub(crate) fn len(&self) -> usize {
        self.channels * self.phases.len() * self.plane() + self.slack
    }

    /// Copies a picture.
    pub(crate) fn copy(&self, picture: &[f32], copy: &mut Vec<f32>) {
        copy.clear();
        copy.resize(self.len(), 0.0);
        let planes = copy.chunks_mut(self.plane());
        let channels = picture.chunks(self.height * self.width);
        let phases = channels.flat_map(|channel| self.phases.iter().map(move |phase| (channel, phase)));
        for (plane, (channel, phase)) in planes.zip(phases) {
            for (r, row) in plane.chunks_mut(self.stride).enumerate() {
                let y = (r * self.step[0]) as isize + phase.top;
                if (0..self.height as isize).contains(&y) {
                    self.copy_row(&channel[y as usize * self.width..][..self.width], phase.left, row);
                }
            }
        }
    }

    fn copy_row(&self, from: &[f32], left: isize, to: &mut [f32]) {
        let step = self.step[1];
        let first = (-left).max(0) as usize;
        let first = first.div_ceil(step);
        let Some(start) = (first * step).checked_add_signed(left).filter(|&start| start < from.len()) else {
            return;
        };
        if first >= to.len() {
            return;
        }
        if step == 1 {
            let count = (to.len() - first).min(from.len() - start);
            to[first..first + count].copy_from_slice(&from[start..start + count]);
        } else {
            to[first..].iter_mut().zip(from[start..].iter().step_by(step)).for_each(|(to, from)| *to = *from);
        }
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
        let picture: Vec<f32> = (1..=12).map(|i| i as f32).collect();
        let mut copy = Vec::new();
        source.copy(&picture, &mut copy);
        // Rows -1 and 1, columns -1, 1 and 3.
        assert_eq!(copy, [0.0, 0.0, 0.0, 0.0, 6.0, 8.0, 0.0]);
    }
}
