//! The register tile: some pixels (or rows) times one or two vectors of outputs, their whole sums.

use super::{BLOCK, VECTORS};
use crate::simd::{Level, Simd, Work};

/// `sum_{block, tap, term} x[block, tap, pixel, term] * weights[block, tap, term, output]`, and what happens to the sums before they are
/// written.
pub(crate) struct Job<'a> {
    /// The samples from the tile's first pixel in the first block on. A pixel's terms are neighbours, and so are the pixels.
    pub(crate) x: &'a [f32],
    /// The number of blocks, and the distance of two.
    pub(crate) blocks: usize,
    pub(crate) block: usize,
    /// Where the taps' samples lie behind `x`.
    pub(crate) taps: &'a [usize],
    /// The largest of them.
    pub(crate) furthest: usize,
    /// Blocks that are added up before they join the sum: one long chain of 4,608 terms loses digits that sums of sums keep, and a
    /// ReLU near zero then falls on the other side.
    pub(crate) part: usize,
    /// `[block][tap][term][output]`.
    pub(crate) weights: &'a [f32],
    /// What the next tiles will want, a cache line for each term; any address will do.
    pub(crate) next: Option<*const f32>,
    /// Outputs that are wanted, at most as many as the tile has.
    pub(crate) count: usize,
    /// One number for each wanted output.
    pub(crate) bias: Option<&'a [f32]>,
    /// Where the first pixel's first result goes, and the distances of two pixels' results and of two vectors of a pixel.
    pub(crate) out: *mut f32,
    pub(crate) pixel: usize,
    pub(crate) vector: usize,
    /// What is added to the results, in their layout.
    pub(crate) added: Option<*const f32>,
    /// Results below the first become it, those above the second become that.
    pub(crate) clip: [f32; 2],
}

/// A tile of so many pixels.
///
/// # Safety
/// No tap lies behind the furthest one. The wanted results of all pixels have room, what is added is as large, and nothing else reads or writes the room.
pub(crate) type Kernel = unsafe fn(Level, &Job<'_>);

/// The tile for so many pixels and vectors, whose taps have a block of terms or only one. In its loops are plain indices: what is not
/// inlined is compiled without the instructions.
pub(crate) fn kernel(pixels: usize, vectors: usize, terms: usize) -> Kernel {
    macro_rules! table {
        ($($pixels:literal)*) => {
            match (pixels, vectors, terms) {
                $(
                    ($pixels, 1, 1) => tile::<$pixels, 1, 1>,
                    ($pixels, 2, 1) => tile::<$pixels, 2, 1>,
                    ($pixels, 1, BLOCK) => tile::<$pixels, 1, BLOCK>,
                    ($pixels, 2, BLOCK) => tile::<$pixels, 2, BLOCK>,
                )*
                other => unreachable!("there is no tile of {other:?} pixels, vectors and terms"),
            }
        };
    }
    table!(1 2 3 4 5 6 7 8 9 10 11 12 13 14)
}

unsafe fn tile<const P: usize, const V: usize, const T: usize>(level: Level, job: &Job<'_>) {
    struct Tile<'a, const P: usize, const V: usize, const T: usize>(&'a Job<'a>);
    impl<const P: usize, const V: usize, const T: usize> Work for Tile<'_, P, V, T> {
        type Output = ();
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            // What does not fit into the registers, or is narrower than a block, is never asked for, and not compiled.
            assert!(P <= S::PIXELS && (V == VECTORS || S::LANES == BLOCK));
            let job = self.0;
            let last = job.furthest + job.blocks.saturating_sub(1) * job.block;
            assert!(last + P * T <= job.x.len(), "the samples end before the last pixel");
            assert_eq!(job.weights.len(), job.blocks * job.taps.len() * T * V * S::LANES);
            assert!(job.count <= V * S::LANES && job.bias.is_none_or(|bias| bias.len() == job.count));
            // SAFETY: the assertions, and the caller of `tile`.
            unsafe {
                if !spreads(job, V, T) {
                    for i in 0..2 * V {
                        let mut results = Results::of(job, i, V);
                        for _ in 0..P {
                            results.fetch(simd, job);
                        }
                    }
                }
                // Sums of one part need not be kept beside others.
                if job.blocks <= job.part {
                    finish(
                        simd,
                        &part::<S, P, V, T>(simd, job, 0, &mut (job.weights.as_ptr(), job.next)),
                        job,
                    );
                } else {
                    finish(simd, &multiply::<S, P, V, T>(simd, job), job);
                }
            }
        }
    }
    level.run(Tile::<P, V, T>(job));
}

/// Whether the lines of the results are asked for one by one while the first sums are made: many at once would fill the processor's list
/// of what is under way, and the samples would wait behind them. Where there are few terms, there is no time for that.
#[inline(always)]
fn spreads(job: &Job<'_>, vectors: usize, terms: usize) -> bool {
    terms == BLOCK && job.blocks * job.taps.len() >= 2 * vectors
}

/// Where results go or what is added to them comes from: a vector of each pixel.
struct Results {
    at: Option<*const f32>,
    write: bool,
}

impl Results {
    const NOTHING: Self = Self { at: None, write: false };

    /// First the vectors that are written, then those that are added.
    #[inline(always)]
    fn of(job: &Job<'_>, i: usize, vectors: usize) -> Self {
        let (write, vector) = (i < vectors, i % vectors * job.vector);
        let start = if write { Some(job.out.cast_const()) } else { job.added };
        Self { at: start.map(|start| start.wrapping_add(vector)), write }
    }

    /// Asks for the line of one pixel, and goes on to the next.
    #[inline(always)]
    fn fetch<S: Simd>(&mut self, simd: S, job: &Job<'_>) {
        let Some(at) = self.at else { return };
        if self.write {
            simd.prefetch_write(at)
        } else {
            simd.prefetch(at)
        }
        self.at = Some(at.wrapping_add(job.pixel));
    }
}

/// Sums of vectors, in registers.
type Sums<S, const P: usize, const V: usize> = [[<S as Simd>::F; V]; P];

/// The sums of all blocks, part by part.
///
/// # Safety
/// The samples reach as far as the last pixel at the furthest tap of the last block, and there are weights for all terms.
#[inline(always)]
unsafe fn multiply<S: Simd, const P: usize, const V: usize, const T: usize>(
    simd: S,
    job: &Job<'_>,
) -> Sums<S, P, V> {
    let mut ahead = (job.weights.as_ptr(), job.next);
    // SAFETY: the caller's.
    let mut whole = unsafe { part::<S, P, V, T>(simd, job, 0, &mut ahead) };
    for start in (job.part..job.blocks).step_by(job.part) {
        // SAFETY: likewise.
        let sums = unsafe { part::<S, P, V, T>(simd, job, start, &mut ahead) };
        for p in 0..P {
            for v in 0..V {
                whole[p][v] = simd.add(whole[p][v], sums[p][v]);
            }
        }
    }
    whole
}

/// The sums of a part, which starts at a block, with the weights that come next and what to ask for.
///
/// # Safety
/// As for [`multiply`]; the weights are those of the block.
#[inline(always)]
unsafe fn part<S: Simd, const P: usize, const V: usize, const T: usize>(
    simd: S,
    job: &Job<'_>,
    start: usize,
    (weights, next): &mut (*const f32, Option<*const f32>),
) -> Sums<S, P, V> {
    let mut sums = [[simd.splat(0.0); V]; P];
    let spread = if start == 0 && spreads(job, V, T) { 2 * V } else { 0 };
    let mut asked = 0;
    for block in start..job.blocks.min(start + job.part) {
        for tap in job.taps {
            let mut results = if asked < spread { Results::of(job, asked, V) } else { Results::NOTHING };
            asked += 1;
            let x = job.x.as_ptr().wrapping_add(block * job.block + tap);
            for term in 0..T {
                let mut line = [simd.splat(0.0); V];
                for v in 0..V {
                    // SAFETY: the caller has weights for this term.
                    line[v] = unsafe { simd.load(weights.add(v * S::LANES)) };
                }
                *weights = weights.wrapping_add(V * S::LANES);
                if let Some(line) = next {
                    simd.prefetch_far(*line);
                    *line = line.wrapping_add(BLOCK);
                }
                if term < P {
                    results.fetch(simd, job);
                }
                for p in 0..P {
                    // SAFETY: the caller has samples for this pixel.
                    let sample = simd.splat(unsafe { *x.add(p * T + term) });
                    for v in 0..V {
                        sums[p][v] = simd.fma(sample, line[v], sums[p][v]);
                    }
                }
            }
        }
    }
    sums
}

/// Adds what is to be added, clips and writes.
///
/// # Safety
/// As for [`Kernel`].
#[inline(always)]
unsafe fn finish<S: Simd, const P: usize, const V: usize>(simd: S, sums: &Sums<S, P, V>, job: &Job<'_>) {
    let (low, high) = (simd.splat(job.clip[0]), simd.splat(job.clip[1]));
    for v in 0..V {
        let wanted = job.count.saturating_sub(v * S::LANES).min(S::LANES);
        let (whole, mask) = (wanted == S::LANES, simd.first(wanted));
        // SAFETY: masked lanes lie within the wanted outputs, which the bias and the caller's places have.
        unsafe {
            let bias = match job.bias {
                Some(bias) => simd.load_some(bias.as_ptr().wrapping_add(v * S::LANES), mask),
                None => simd.splat(0.0),
            };
            for p in 0..P {
                let at = p * job.pixel + v * job.vector;
                let mut sum = simd.add(sums[p][v], bias);
                if let Some(added) = job.added {
                    let added = added.wrapping_add(at);
                    let added = if whole { simd.load(added) } else { simd.load_some(added, mask) };
                    sum = simd.add(sum, added);
                }
                let (out, result) = (job.out.wrapping_add(at), simd.min(high, simd.max(low, sum)));
                if whole { simd.store(out, result) } else { simd.store_some(out, mask, result) }
            }
        }
    }
}
