//! Where the sums of a tile go.

use super::{Job, MOST_LANES};
use crate::simd::Simd;

/// Lanes of a tile that go to neighbouring places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first lane.
    pub(crate) lane: usize,
    /// Their number.
    pub(crate) count: usize,
    /// Which of the outputs.
    pub(crate) output: usize,
    /// The place of the first in the plane of a row.
    pub(crate) place: usize,
}

/// Where finished sums go, and what happens to them on the way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'a> {
    /// The outputs.
    pub(crate) outputs: &'a [*mut f32],
    /// What is added to each of them, in the same layout, or nothing.
    pub(crate) added: &'a [*const f32],
    /// Where the plane of the first row starts.
    pub(crate) first: usize,
    /// Distance of the planes of two rows.
    pub(crate) plane: usize,
    /// Distance of two places of a run.
    pub(crate) step: usize,
    /// One number for each row.
    pub(crate) bias: Option<*const f32>,
    /// Results below the first become it, those above the second become that.
    pub(crate) clip: [f32; 2],
}

/// Asks for the lines that the results will be written to.
///
/// # Safety
/// As for [`super::tile`].
#[inline(always)]
pub(super) unsafe fn fetch<S: Simd, const R: usize>(simd: S, job: &Job<'_>) {
    for run in job.runs {
        let planes = [Some(job.end.outputs[run.output].cast_const()), job.end.added.get(run.output).copied()];
        for plane in planes.into_iter().flatten() {
            for r in 0..job.rows {
                for at in (0..run.count).step_by(16) {
                    let place = job.end.first + r * job.end.plane + run.place + at * job.end.step;
                    simd.prefetch(plane.wrapping_add(place));
                }
            }
        }
    }
}

/// Writes a tile whose lanes all go to neighbouring places.
///
/// # Safety
/// As for [`super::tile`].
#[inline(always)]
pub(super) unsafe fn finish<S: Simd, const R: usize, const N: usize>(
    simd: S,
    sums: &[[S::F; N]; R],
    job: &Job<'_>,
) {
    let (run, end) = (&job.runs[0], job.end);
    let output = end.outputs[run.output];
    let added = end.added.get(run.output);
    for r in 0..R {
        if r >= job.rows {
            break;
        }
        for v in 0..N {
            let at = end.first + r * end.plane + run.place + v * S::LANES;
            let count = (job.lanes - v * S::LANES).min(S::LANES);
            // SAFETY: the run has room for the wanted lanes of this row.
            unsafe {
                let added = added.map(|added| added.add(at));
                put(simd, sums[r][v], count, end, r, added, output.add(at));
            }
        }
    }
}

/// Adds what is to be added to one vector of a row, clips it and writes its first lanes.
///
/// # Safety
/// As for [`super::tile`].
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn put<S: Simd>(
    simd: S,
    sum: S::F,
    count: usize,
    end: &End<'_>,
    row: usize,
    added: Option<*const f32>,
    to: *mut f32,
) {
    let mask = simd.first(count);
    // SAFETY: the caller's.
    unsafe {
        let bias = match end.bias {
            Some(bias) => simd.splat(*bias.add(row)),
            None => simd.splat(0.0),
        };
        let mut sum = simd.add(sum, bias);
        if let Some(added) = added {
            sum = simd.add(sum, simd.load_some(added, mask));
        }
        let (low, high) = (simd.splat(end.clip[0]), simd.splat(end.clip[1]));
        simd.store_some(to, mask, simd.min(high, simd.max(low, sum)));
    }
}

/// Writes a tile, kept row by row `width` apart, run by run.
///
/// # Safety
/// As for [`super::tile`].
#[inline(always)]
pub(super) unsafe fn scatter<S: Simd>(simd: S, width: usize, job: &Job<'_>) {
    let end = job.end;
    for run in job.runs {
        let output = end.outputs[run.output];
        let added = end.added.get(run.output);
        for r in 0..job.rows {
            for lane in (0..run.count).step_by(S::LANES) {
                let count = (run.count - lane).min(S::LANES);
                let at = end.first + r * end.plane + run.place + lane * end.step;
                // SAFETY: the run has room for the wanted lanes of this row.
                unsafe {
                    let kept = job.sums.cast::<f32>().add(r * width + run.lane + lane);
                    let sum = simd.load_some(kept, simd.first(count));
                    let (added, to) = (added.map(|added| added.wrapping_add(at)), output.wrapping_add(at));
                    write(simd, sum, count, end, r, added, to);
                }
            }
        }
    }
}

/// [`put`], with the results a step apart.
///
/// # Safety
/// As for [`super::tile`].
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(crate) unsafe fn write<S: Simd>(
    simd: S,
    sum: S::F,
    count: usize,
    end: &End<'_>,
    row: usize,
    added: Option<*const f32>,
    to: *mut f32,
) {
    // SAFETY: the caller's.
    unsafe {
        if end.step == 1 {
            put(simd, sum, count, end, row, added, to);
            return;
        }
        assert!(added.is_none(), "nothing is added to scattered results");
        let mut line = [0.0; MOST_LANES];
        put(simd, sum, count, end, row, None, line.as_mut_ptr());
        for (i, result) in line.iter().enumerate().take(count) {
            *to.add(i * end.step) = *result;
        }
    }
}
