//! Maximum and mean over windows, sixteen channels at a time.

use std::ops::Range;

use rayon::prelude::*;

use super::BLOCK;
use crate::Windows;
use crate::buffer::Buffer;
use crate::output::Output;
use crate::simd::{Level, Simd, Work};

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

/// The windows of one block of channels.
struct Forward<'a> {
    windows: &'a Windows,
    pool: Pool,
    map: &'a [f32],
    to: &'a mut [f32],
}

impl Work for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Windows { size, count, .. } = *self.windows;
        assert_eq!((self.map.len(), self.to.len()), (self.windows.map(), self.windows.windows()));
        for r in 0..count[0] {
            let rows = self.windows.range(0, r);
            for c in 0..count[1] {
                let window = [rows.clone(), self.windows.range(1, c)];
                let divisor = self.windows.divisor(self.pool, [r, c]);
                for lane in (0..BLOCK).step_by(S::LANES) {
                    let map = self.map.as_ptr().wrapping_add(lane);
                    // SAFETY: windows lie inside of the map, and each has its place.
                    unsafe {
                        let y = match self.pool {
                            Pool::Max => largest(simd, map, size[1], &window),
                            Pool::Mean(_) => simd.div(sum(simd, map, size[1], &window), simd.splat(divisor)),
                        };
                        simd.store(self.to.as_mut_ptr().add((r * count[1] + c) * BLOCK + lane), y);
                    }
                }
            }
        }
    }
}

/// The largest numbers of a window; what is not a number wins and stays.
///
/// # Safety
/// A map with rows of `width` pixels holds the window.
#[inline(always)]
unsafe fn largest<S: Simd>(
    simd: S,
    map: *const f32,
    width: usize,
    [rows, columns]: &[Range<usize>; 2],
) -> S::F {
    let mut most = simd.splat(f32::NEG_INFINITY);
    for r in rows.clone() {
        for c in columns.clone() {
            // SAFETY: the caller's.
            let x = unsafe { simd.load(map.add((r * width + c) * BLOCK)) };
            most = simd.equal(most, most, simd.max(most, x), most);
        }
    }
    most
}

/// The sums of a window, row by row.
///
/// # Safety
/// A map with rows of `width` pixels holds the window.
#[inline(always)]
unsafe fn sum<S: Simd>(simd: S, map: *const f32, width: usize, [rows, columns]: &[Range<usize>; 2]) -> S::F {
    let mut sum = simd.splat(0.0);
    for r in rows.clone() {
        for c in columns.clone() {
            // SAFETY: the caller's.
            sum = simd.add(sum, unsafe { simd.load(map.add((r * width + c) * BLOCK)) });
        }
    }
    sum
}

/// The gradient of one block of channels.
struct Backward<'a> {
    windows: &'a Windows,
    pool: Pool,
    /// The map and its largest numbers, if the gradient depends on them.
    kept: Option<(&'a [f32], &'a [f32])>,
    gradient: &'a [f32],
    to: &'a mut [f32],
}

impl Work for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Windows { size, count, .. } = *self.windows;
        let (map, windows) = (self.windows.map(), self.windows.windows());
        assert_eq!((self.to.len(), self.gradient.len()), (map, windows));
        assert!(self.kept.is_none_or(|(x, y)| (x.len(), y.len()) == (map, windows)));
        self.to.fill(0.0);
        for r in 0..count[0] {
            let rows = self.windows.range(0, r);
            for c in 0..count[1] {
                let window = [rows.clone(), self.windows.range(1, c)];
                let divisor = simd.splat(self.windows.divisor(self.pool, [r, c]));
                for lane in (0..BLOCK).step_by(S::LANES) {
                    let (at, to) =
                        ((r * count[1] + c) * BLOCK + lane, self.to.as_mut_ptr().wrapping_add(lane));
                    // SAFETY: windows lie inside of the map, and each has its place.
                    unsafe {
                        let gradient = simd.load(self.gradient.as_ptr().add(at));
                        match self.kept {
                            None => give_all(simd, simd.div(gradient, divisor), to, size[1], &window),
                            Some((x, y)) => {
                                let most =
                                    Most { map: x.as_ptr().add(lane), value: simd.load(y.as_ptr().add(at)) };
                                give_first(simd, gradient, most, to, size[1], &window);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Adds a gradient to all places of a window.
///
/// # Safety
/// A map with rows of `width` pixels holds the window.
#[inline(always)]
unsafe fn give_all<S: Simd>(
    simd: S,
    gradient: S::F,
    to: *mut f32,
    width: usize,
    [rows, columns]: &[Range<usize>; 2],
) {
    for r in rows.clone() {
        for c in columns.clone() {
            // SAFETY: the caller's.
            unsafe {
                let to = to.add((r * width + c) * BLOCK);
                simd.store(to, simd.add(simd.load(to), gradient));
            }
        }
    }
}

/// A map, and the largest numbers of a window of it.
struct Most<F> {
    map: *const f32,
    value: F,
}

/// Adds a gradient to the first place of a window, by rows, that holds the largest number. What is not a number equals nothing, and has
/// no place.
///
/// # Safety
/// Maps with rows of `width` pixels hold the window.
#[inline(always)]
unsafe fn give_first<S: Simd>(
    simd: S,
    gradient: S::F,
    most: Most<S::F>,
    to: *mut f32,
    width: usize,
    [rows, columns]: &[Range<usize>; 2],
) {
    let (zero, mut rest) = (simd.splat(0.0), gradient);
    for r in rows.clone() {
        for c in columns.clone() {
            let at = (r * width + c) * BLOCK;
            // SAFETY: the caller's.
            unsafe {
                let (x, to) = (simd.load(most.map.add(at)), to.add(at));
                simd.store(to, simd.add(simd.load(to), simd.equal(x, most.value, rest, zero)));
                rest = simd.equal(x, most.value, zero, rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Maps;

    const CHANNELS: usize = 19;

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
            square(2, 2, 0, [4, 5]), // the last windows are ragged
            square(3, 2, 0, [3, 4]),
            square(3, 1, 1, [7, 9]),
            square(3, 3, 1, [3, 4]), // ragged, with a border
        ]
    }

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 37) % 23) as f32 - 30.0).collect()
    }

    fn plain(size: [usize; 2], x: &[f32]) -> Vec<f32> {
        assert!(x.iter().all(|x| x.is_finite()));
        Maps { channels: CHANNELS, size }.unpack(Level::best(), x).to_vec()
    }

    fn packed(size: [usize; 2], x: &[f32]) -> Buffer {
        Maps { channels: CHANNELS, size }.pack(Level::best(), x)
    }

    #[test]
    fn every_window_has_its_largest_number_and_that_has_the_gradient() {
        for windows in windows() {
            let [rows, columns] = windows.count;
            let (x, gradient) = (numbers(2 * CHANNELS * 63), numbers(2 * CHANNELS * rows * columns));
            let (mut expected, mut expected_gradient) = (Vec::new(), vec![0.0; x.len()]);
            for (i, gradient) in gradient.iter().enumerate() {
                let (map, r, c) = (i / (rows * columns), i / columns % rows, i % columns);
                let places = windows.range(0, r).flat_map(|r| windows.range(1, c).map(move |c| (r, c)));
                let places: Vec<usize> = places.map(|(r, c)| map * 63 + r * 9 + c).collect();
                let most = places.iter().map(|&place| x[place]).fold(f32::NEG_INFINITY, f32::max);
                let first = places.iter().find(|&&place| x[place] == most).unwrap();
                expected.push(most);
                expected_gradient[*first] += gradient;
            }
            let (x, gradient) = (packed(windows.size, &x), packed(windows.count, &gradient));
            for level in Level::all() {
                let what = format!("{} {windows:?}", level.name());
                let y = windows.blocked_max(level, &x);
                assert_eq!(plain(windows.count, &y), expected, "{what}");
                let dx = windows.blocked_max_gradient(level, &x, &y, &gradient);
                assert_eq!(plain(windows.size, &dx), expected_gradient, "{what}");
            }
        }
    }

    #[test]
    fn what_is_not_a_number_wins() {
        let windows =
            Windows { kernel: [1, 3], stride: [1, 1], padding: [0, 1], size: [1, 3], count: [1, 3] };
        for x in [[1.0, f32::NAN, 2.0], [f32::NAN, 3.0, f32::NAN]] {
            for level in Level::all() {
                let x = Maps { channels: 1, size: [1, 3] }.pack(level, &x);
                let y = windows.blocked_max(level, &x);
                assert!(y.iter().step_by(BLOCK).all(|y| y.is_nan()), "{}", level.name());
                let dx = windows.blocked_max_gradient(level, &x, &y, &[1.0; 48]);
                assert!(dx.iter().step_by(BLOCK).all(|dx| *dx == 0.0), "{}", level.name());
            }
        }
    }

    #[test]
    fn the_mean_counts_what_it_should_and_shares_its_gradient() {
        for (windows, padding) in
            windows().into_iter().flat_map(|windows| [(windows, true), (windows, false)])
        {
            let [rows, columns] = windows.count;
            let (x, gradient) = (numbers(2 * CHANNELS * 63), numbers(2 * CHANNELS * rows * columns));
            let (mut y, mut dx) = (vec![0.0; gradient.len()], vec![0.0; x.len()]);
            for i in 0..y.len() {
                let (map, at) = (i / (rows * columns), [i / columns % rows, i % columns]);
                let places = |axis: usize| {
                    let start = at[axis] * windows.stride[axis];
                    let inside = move |place: &usize| *place < windows.size[axis] + 2 * windows.padding[axis];
                    (start..start + windows.kernel[axis]).filter(inside)
                };
                let place = |r: usize, c: usize| {
                    let (r, c) = (r.checked_sub(windows.padding[0])?, c.checked_sub(windows.padding[1])?);
                    (r < 7 && c < 9).then_some(map * 63 + r * 9 + c)
                };
                let all: Vec<_> = places(0).flat_map(|r| places(1).map(move |c| place(r, c))).collect();
                let count = if padding { all.len() } else { all.iter().flatten().count() } as f64;
                for place in all.into_iter().flatten() {
                    y[i] += f64::from(x[place]) / count;
                    dx[place] += f64::from(gradient[i]) / count;
                }
            }
            let (x, gradient) = (packed(windows.size, &x), packed(windows.count, &gradient));
            for level in Level::all() {
                let got = plain(windows.count, &windows.blocked_mean(level, padding, &x));
                let close = |got: &[f32], expected: &[f64]| {
                    got.iter().zip(expected).all(|(got, expected)| (f64::from(*got) - expected).abs() < 1e-4)
                };
                assert!(close(&got, &y), "{windows:?} {padding}");
                let got = plain(windows.size, &windows.blocked_mean_gradient(level, padding, &gradient));
                assert!(close(&got, &dx), "{windows:?} {padding}");
            }
        }
    }
}
