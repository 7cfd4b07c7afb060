//! The register tile: a few rows of weights times a few vectors of neighbouring samples, over part of a sum.

mod store;

use crate::simd::{Level, Simd, Work};

pub(crate) use store::{End, Run, write};
use store::{fetch, finish, scatter};

/// The most rows that a tile has.
pub(crate) const MOST_ROWS: usize = 8;
/// Vectors of a whole tile.
pub(crate) const VECTORS: usize = 3;
/// The most numbers that a vector has.
const MOST_LANES: usize = 16;

/// Terms that are added up before they join the sum: one long chain of 4,608 terms loses digits that sums of sums
/// keep, and a ReLU near zero then falls on the other side.
pub(crate) const PART: usize = 256;

/// The sums of a tile between two parts.
pub(crate) type Sums = [f32; MOST_ROWS * VECTORS * MOST_LANES];

/// `sum_k weights[r][k] * source[offsets[k] + lane]`, one part of it.
pub(crate) struct Job<'a> {
    /// `[term][row]`, for all rows of the tile.
    pub(crate) weights: *const f32,
    /// Rows that are wanted.
    pub(crate) rows: usize,
    pub(crate) source: *const f32,
    pub(crate) offsets: &'a [u32],
    /// Lanes that are wanted, and may be read.
    pub(crate) lanes: usize,
    /// Where samples will be needed soon, at the same offsets; any address will do.
    pub(crate) ahead: Option<*const f32>,
    /// The first part of the sum, the last part.
    pub(crate) first: bool,
    pub(crate) last: bool,
    pub(crate) sums: *mut Sums,
    pub(crate) runs: &'a [Run],
    pub(crate) end: &'a End<'a>,
}

/// A tile of so many rows and vectors.
pub(crate) type Kernel = unsafe fn(Level, &Job<'_>);

/// The tile for panels of `rows` rows and for `lanes` lanes.
pub(crate) fn kernel(level: Level, rows: usize, lanes: usize) -> Kernel {
    macro_rules! table {
        ($($rows:literal)*) => {
            match (rows, lanes.div_ceil(level.lanes())) {
                $(
                    ($rows, 1) => tile::<$rows, 1>,
                    ($rows, 2) => tile::<$rows, 2>,
                    ($rows, 3) => tile::<$rows, 3>,
                )*
                other => unreachable!("there is no tile of {other:?} rows and vectors"),
            }
        };
    }
    table!(1 2 3 4 6 8)
}

/// The best height of panels for so many rows: the one that wastes the least, and then the highest.
pub(crate) fn panel_rows(level: Level, rows: usize) -> usize {
    // Cycles of a step: products, or loads where a tile is low (lines of memory are crossed half of the time).
    let cost = |height: usize| rows.div_ceil(height) * (2 * VECTORS * height).max(4 * VECTORS + height);
    let heights = [8, 6, 4, 3, 2, 1].into_iter().filter(|&height| height <= level.most_rows());
    heights.min_by_key(|&height| cost(height)).unwrap_or(1)
}

/// # Safety
/// The weights, the wanted lanes of the source at all offsets and the sums are there; the outputs have room
/// for the runs of all rows and nothing else reads or writes there; the level is what the panels were made for.
unsafe fn tile<const R: usize, const N: usize>(level: Level, job: &Job<'_>) {
    struct Tile<'a, const R: usize, const N: usize>(&'a Job<'a>);
    impl<const R: usize, const N: usize> Work for Tile<'_, R, N> {
        type Output = ();
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            // SAFETY: the caller of `tile` says so.
            unsafe { run::<S, R, N>(simd, self.0) }
        }
    }
    level.run(Tile::<R, N>(job));
}

/// # Safety
/// As for [`tile`].
#[inline(always)]
unsafe fn run<S: Simd, const R: usize, const N: usize>(simd: S, job: &Job<'_>) {
    // SAFETY: the caller's.
    unsafe {
        if job.last {
            fetch::<S, R>(simd, job);
        }
        let mut sums = if job.lanes == N * S::LANES {
            multiply::<S, R, N, false>(simd, job)
        } else {
            multiply::<S, R, N, true>(simd, job)
        };
        let kept = job.sums.cast::<f32>();
        if !job.first {
            for r in 0..R {
                for v in 0..N {
                    sums[r][v] = simd.add(simd.load(kept.add((r * N + v) * S::LANES)), sums[r][v]);
                }
            }
        }
        let whole = |run: &Run| run.lane == 0 && run.count == job.lanes;
        if job.last && job.end.step == 1 && job.runs.len() == 1 && whole(&job.runs[0]) {
            finish(simd, &sums, job);
            return;
        }
        for r in 0..R {
            for v in 0..N {
                simd.store(kept.add((r * N + v) * S::LANES), sums[r][v]);
            }
        }
        if job.last {
            scatter(simd, N * S::LANES, job);
        }
    }
}

/// The part of the sum, in registers.
///
/// # Safety
/// As for [`tile`].
#[inline(always)]
unsafe fn multiply<S: Simd, const R: usize, const N: usize, const SOME: bool>(
    simd: S,
    job: &Job<'_>,
) -> [[S::F; N]; R] {
    let mut sums = [[simd.splat(0.0); N]; R];
    let mask = simd.first(job.lanes - (N - 1) * S::LANES);
    let mut at = 0;
    for &offset in job.offsets {
        // SAFETY: the caller says that weights and samples are there; masked lanes are not read.
        unsafe {
            let from = job.source.add(offset as usize);
            let mut samples = [simd.splat(0.0); N];
            for v in 0..N {
                samples[v] = if SOME && v == N - 1 {
                    simd.load_some(from.add(v * S::LANES), mask)
                } else {
                    simd.load(from.add(v * S::LANES))
                };
            }
            if let Some(ahead) = job.ahead {
                simd.prefetch(ahead.wrapping_add(offset as usize));
            }
            for r in 0..R {
                let weight = simd.splat(*job.weights.add(at + r));
                for v in 0..N {
                    sums[r][v] = simd.fma(weight, samples[v], sums[r][v]);
                }
            }
        }
        at += R;
    }
    sums
}
