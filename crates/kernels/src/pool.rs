//! Maximum over windows.

use rayon::prelude::*;

use crate::output::Output;
use crate::simd::{Level, Simd, Work};

/// Windows over rows and columns; what lies outside of the map never wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Rows and columns of a window.
    pub kernel: [usize; 2],
    /// Steps down and right.
    pub stride: [usize; 2],
    /// Rows above and columns left of the map where the first windows start.
    pub padding: [usize; 2],
    /// Height and width of the maps.
    pub size: [usize; 2],
    /// Windows down and right; each of them must meet the map.
    pub count: [usize; 2],
}

impl Windows {
    /// The rows or columns of the map in the `i`-th window.
    #[inline(always)]
    pub(crate) fn range(&self, axis: usize, i: usize) -> std::ops::Range<usize> {
        let start = i * self.stride[axis];
        let end = (start + self.kernel[axis]).saturating_sub(self.padding[axis]).min(self.size[axis]);
        start.saturating_sub(self.padding[axis])..end
    }

    /// The largest number in each window of maps that lie one after the other.
    ///
    /// # Panics
    /// If the numbers are not whole maps.
    pub fn max(&self, level: Level, x: &[f32]) -> Vec<f32> {
        let (map, out) = (self.size[0] * self.size[1], self.count[0] * self.count[1]);
        assert_eq!(x.len() % map, 0);
        let write = |output: Output| {
            x.par_chunks(map).enumerate().for_each(|(i, map)| {
                // SAFETY: each task has the room of its own map.
                let to = unsafe { std::slice::from_raw_parts_mut(output.at(i * out), out) };
                level.run(Max { windows: *self, map, to });
            });
        };
        // SAFETY: all windows of all maps are written.
        unsafe { Output::collect(x.len() / map * out, write) }
    }

    /// The gradient of the maps: that of each window goes to the first place of its largest number.
    ///
    /// # Panics
    /// If `y` is not what [`Windows::max`] gives for `x`, or the gradient has another size.
    pub fn max_gradient(&self, x: &[f32], y: &[f32], gradient: &[f32]) -> Vec<f32> {
        let (map, out) = (self.size[0] * self.size[1], self.count[0] * self.count[1]);
        assert_eq!([y.len(), gradient.len()], [x.len() / map * out; 2]);
        let mut result = vec![0.0; x.len()];
        let maps = result.par_chunks_mut(map).zip(x.par_chunks(map));
        let windows = y.par_chunks(out).zip(gradient.par_chunks(out));
        maps.zip(windows).for_each(|((to, x), (y, gradient))| {
            for (i, (y, gradient)) in y.iter().zip(gradient).enumerate() {
                let columns = self.range(1, i % self.count[1]);
                let rows = self.range(0, i / self.count[1]);
                let found = rows.into_iter().find_map(|r| {
                    let row = &x[r * self.size[1]..][columns.clone()];
                    row.iter().position(|x| x == y).map(|c| r * self.size[1] + columns.start + c)
                });
                // What is not a number equals nothing, and has no place.
                if let Some(place) = found {
                    to[place] += gradient;
                }
            }
        });
        result
    }
}

/// The windows of one map.
struct Max<'a> {
    windows: Windows,
    map: &'a [f32],
    to: &'a mut [f32],
}

impl Work for Max<'_> {
    type Output = ();
    /// The largest numbers of columns first, then of neighbouring columns.
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Windows { kernel, stride, padding, size, count } = self.windows;
        let width = ((count[1] - 1) * stride[1] + kernel[1]).max(padding[1] + size[1]);
        let mut line = vec![f32::NEG_INFINITY; width];
        for (i, to) in self.to.chunks_mut(count[1]).enumerate() {
            let rows = self.windows.range(0, i);
            let line_of_map = &mut line[padding[1]..][..size[1]];
            line_of_map.copy_from_slice(&self.map[rows.start * size[1]..][..size[1]]);
            for row in rows.skip(1) {
                for (most, x) in line_of_map.iter_mut().zip(&self.map[row * size[1]..][..size[1]]) {
                    *most = larger(*most, *x);
                }
            }
            for (to, x) in to.iter_mut().zip(line.iter().step_by(stride[1])) {
                *to = *x;
            }
            for shift in 1..kernel[1] {
                for (to, x) in to.iter_mut().zip(line[shift..].iter().step_by(stride[1])) {
                    *to = larger(*to, *x);
                }
            }
        }
    }
}

/// The larger one; what is not a number wins and stays.
#[inline(always)]
fn larger(most: f32, x: f32) -> f32 {
    if x > most || x.is_nan() { x } else { most }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows() -> Vec<Windows> {
        let square = |kernel, stride, padding, count| Windows {
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [padding; 2],
            size: [7, 9],
            count,
        };
        vec![
            square(3, 2, 1, [4, 5]),
            square(2, 2, 0, [3, 4]),
            square(3, 2, 0, [3, 4]),
            square(3, 1, 1, [7, 9]),
        ]
    }

    #[test]
    fn every_window_has_its_largest_number_and_that_has_the_gradient() {
        let x: Vec<f32> = (0..2 * 63).map(|i| ((i * 37) % 23) as f32 - 30.0).collect();
        for windows in windows() {
            let [rows, columns] = windows.count;
            let gradient: Vec<f32> = (0..2 * rows * columns).map(|i| (i % 5) as f32 + 1.0).collect();
            let (mut expected, mut expected_gradient) = (Vec::new(), vec![0.0; x.len()]);
            for i in 0..2 * rows * columns {
                let (map, r, c) = (i / (rows * columns), i / columns % rows, i % columns);
                let places = windows.range(0, r).flat_map(|r| windows.range(1, c).map(move |c| (r, c)));
                let places: Vec<usize> = places.map(|(r, c)| map * 63 + r * 9 + c).collect();
                let most = places.iter().map(|&place| x[place]).fold(f32::NEG_INFINITY, f32::max);
                let first = places.iter().find(|&&place| x[place] == most).unwrap();
                expected.push(most);
                expected_gradient[*first] += gradient[i];
            }
            for level in Level::all() {
                assert_eq!(windows.max(level, &x), expected, "{windows:?}");
            }
            assert_eq!(windows.max_gradient(&x, &expected, &gradient), expected_gradient, "{windows:?}");
        }
    }

    #[test]
    fn what_is_not_a_number_wins() {
        let windows =
            Windows { kernel: [1, 3], stride: [1, 1], padding: [0, 1], size: [1, 3], count: [1, 3] };
        let y = windows.max(Level::best(), &[1.0, f32::NAN, 2.0]);
        assert!(y.iter().all(|y| y.is_nan()), "{y:?}");
    }
}
