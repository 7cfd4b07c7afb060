//! Which samples meet which taps, along rows or columns.

use super::strip::PIXELS;
use crate::Geometry;

/// Results along one axis that are made with the same taps.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    /// Result `i` goes to place `first + i * step`.
    first: usize,
    pub(super) step: usize,
    pub(super) count: usize,
    /// Neighbouring results that are computed at once: those of few tiles that are equally wide, or nearly.
    pub(super) tile: usize,
    /// Tap `t` of result `i` meets sample `i * stride + offset + t * distance`, if there is one.
    pub(super) stride: usize,
    offset: isize,
    pub(super) distance: usize,
    pub(super) taps: usize,
    /// Samples.
    pub(super) size: usize,
    /// Tap `t` is the kernel's row or column `kernel + t * kernel_step`.
    kernel: usize,
    pub(super) kernel_step: isize,
}

impl Axis {
    /// That of a convolution over `size` samples.
    pub(super) fn forward(geometry: &Geometry, axis: usize, size: usize) -> Self {
        let reach = geometry.dilation[axis] * (geometry.kernel[axis] - 1) + 1;
        let count = (size + 2 * geometry.padding[axis] - reach) / geometry.stride[axis] + 1;
        Self {
            first: 0,
            step: 1,
            count,
            tile: tile(count),
            stride: geometry.stride[axis],
            offset: -(geometry.padding[axis] as isize),
            distance: geometry.dilation[axis],
            taps: geometry.kernel[axis],
            size,
            kernel: 0,
            kernel_step: 1,
        }
    }

    /// Those of the gradient of `size` samples from that of `results`, one for each phase of the stride. Sample `y` meets result `o` at
    /// tap `k` when `y + padding = stride o + dilation k`: samples with the same remainder of `y + padding` use the same taps.
    pub(super) fn gradient(geometry: &Geometry, axis: usize, size: usize, results: usize) -> Vec<Self> {
        let [stride, padding, dilation] =
            [geometry.stride, geometry.padding, geometry.dilation].map(|x| x[axis]);
        let phase = |first: usize| {
            let meets = |k: &usize| (k * dilation) % stride == (first + padding) % stride;
            let taps: Vec<usize> = (0..geometry.kernel[axis]).filter(meets).collect();
            // Backwards, so that their samples go forwards.
            let last = taps.last().copied().unwrap_or(0);
            let apart = taps.get(1).map_or(stride, |second| second - taps[0]);
            let count = size.saturating_sub(first).div_ceil(stride);
            Self {
                first,
                step: stride,
                count,
                tile: tile(count),
                stride: 1,
                offset: ((first + padding) as isize - (dilation * last) as isize) / stride as isize,
                distance: dilation * apart / stride,
                taps: taps.len(),
                size: results,
                kernel: last,
                kernel_step: -(apart as isize),
            }
        };
        (0..stride).map(phase).collect()
    }

    /// The sample that a tap of a result meets; before the first or behind the last there is none.
    #[inline(always)]
    pub(super) fn sample(&self, result: usize, tap: usize) -> isize {
        (result * self.stride + tap * self.distance) as isize + self.offset
    }

    /// The first result whose sample at a tap there is, and the one behind the last.
    #[inline(always)]
    pub(super) fn met(&self, tap: usize) -> (usize, usize) {
        let offset = (tap * self.distance) as isize + self.offset;
        let before = |sample: isize| (sample - offset).max(0).unsigned_abs().div_ceil(self.stride);
        let end = before(self.size as isize).min(self.count);
        (before(0).min(end), end)
    }

    /// The kernel's row or column that a tap is.
    #[inline(always)]
    pub(super) fn kernel(&self, tap: usize) -> usize {
        (self.kernel as isize + tap as isize * self.kernel_step) as usize
    }

    /// The place of a result.
    #[inline(always)]
    pub(super) fn place(&self, result: usize) -> usize {
        self.first + result * self.step
    }

    /// Zeros that taps meet before the first sample.
    pub(super) fn before(&self) -> usize {
        self.sample(0, 0).min(0).unsigned_abs()
    }

    /// Zeros that taps meet behind the last sample.
    pub(super) fn behind(&self) -> usize {
        let last = self.sample(self.count.max(1) - 1, self.taps.max(1) - 1);
        (last + 1 - self.size as isize).max(0) as usize
    }
}

/// Splits results into tiles.
fn tile(count: usize) -> usize {
    count.div_ceil(count.div_ceil(PIXELS).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry(kernel: usize, stride: usize, padding: usize, dilation: usize) -> Geometry {
        let [kernel, stride, padding, dilation] = [kernel, stride, padding, dilation].map(|x| [x; 2]);
        Geometry { inputs: 1, outputs: 1, groups: 1, kernel, stride, padding, dilation }
    }

    #[test]
    fn taps_meet_zeros_outside() {
        let axis = Axis::forward(&geometry(3, 1, 1, 1), 0, 5);
        assert_eq!((axis.count, axis.before(), axis.behind()), (5, 1, 1));
        let axis = Axis::forward(&geometry(5, 2, 2, 1), 0, 14);
        assert_eq!((axis.count, axis.before(), axis.behind()), (7, 2, 1));
    }

    #[test]
    fn results_that_meet_samples_are_neighbours() {
        for (kernel, stride, padding, dilation) in
            [(3, 1, 1, 1), (5, 2, 2, 1), (3, 2, 0, 3), (7, 1, 9, 1), (1, 4, 5, 1)]
        {
            let axis = Axis::forward(&geometry(kernel, stride, padding, dilation), 0, 7);
            for tap in 0..kernel {
                let meets = |result: &usize| (0..7).contains(&axis.sample(*result, tap));
                let (first, end) = axis.met(tap);
                assert!((0..axis.count).filter(meets).eq(first..end), "{kernel} {stride} {padding}, {tap}");
            }
        }
    }

    #[test]
    fn the_gradient_meets_what_the_convolution_met() {
        for (kernel, stride, padding, dilation) in
            [(3, 2, 1, 1), (3, 1, 2, 2), (5, 3, 0, 1), (2, 3, 1, 1), (3, 4, 2, 6)]
        {
            let (geometry, size) = (geometry(kernel, stride, padding, dilation), 17);
            let met = |axes: &[Axis], turned: bool| {
                let mut met = Vec::new();
                for axis in axes {
                    for (i, t) in (0..axis.count).flat_map(|i| (0..axis.taps).map(move |t| (i, t))) {
                        let (sample, place, tap) =
                            (axis.sample(i, t), axis.place(i) as isize, axis.kernel(t));
                        if (0..axis.size as isize).contains(&sample) {
                            met.push(if turned { (sample, place, tap) } else { (place, sample, tap) });
                        }
                    }
                }
                met.sort_unstable();
                met
            };
            let forward = Axis::forward(&geometry, 0, size);
            let results = forward.count;
            assert_eq!(met(&[forward], false), met(&Axis::gradient(&geometry, 0, size, results), true));
        }
    }
}
