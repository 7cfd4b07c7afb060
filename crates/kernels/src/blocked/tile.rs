//! The register tile: some rows times two vectors of outputs, their whole sums.

use super::{BLOCK, PART, VECTORS};
use crate::simd::{Level, Simd, Work};

/// `sum_k rows[r][k] * weights[k][o]`, and what happens to the sums before they are written.
pub(crate) struct Job<'a> {
    /// The tile's rows, as [`super::Tiles`] has them.
    pub(crate) rows: &'a [f32],
    /// `[term][output]`, as many terms as the rows have.
    pub(crate) weights: &'a [f32],
    /// What the next tiles will want, a cache line for each term; any address will do.
    pub(crate) next: Option<*const f32>,
    /// Outputs that are wanted, at most as many as the tile has.
    pub(crate) count: usize,
    /// One number for each wanted output.
    pub(crate) bias: Option<&'a [f32]>,
    /// Where the first row's first result goes, and the distance of two rows' results.
    pub(crate) out: *mut f32,
    pub(crate) stride: usize,
    /// What is added to the results, in their layout.
    pub(crate) added: Option<*const f32>,
    /// Results below the first become it, those above the second become that.
    pub(crate) clip: [f32; 2],
}

/// A tile of so many rows.
///
/// # Safety
/// The wanted results of all rows have room, what is added is as large, and nothing else reads or writes the room.
pub(crate) type Kernel = unsafe fn(Level, &Job<'_>);

/// The tile for so many rows. In its loops are plain indices: what is not inlined is compiled without the instructions.
pub(crate) fn kernel(rows: usize) -> Kernel {
    macro_rules! table {
        ($($rows:literal)*) => {
            match rows {
                $($rows => tile::<$rows>,)*
                rows => unreachable!("there is no tile of {rows} rows"),
            }
        };
    }
    table!(1 2 3 4 5 6 7 8 9 10 11 12 13 14)
}

unsafe fn tile<const R: usize>(level: Level, job: &Job<'_>) {
    struct Tile<'a, const R: usize>(&'a Job<'a>);
    impl<const R: usize> Work for Tile<'_, R> {
        type Output = ();
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            let blocks = self.0.rows.len() / (R * BLOCK);
            assert_eq!(self.0.rows.len(), blocks * R * BLOCK);
            assert_eq!(self.0.weights.len(), blocks * BLOCK * VECTORS * S::LANES);
            assert!(self.0.count <= VECTORS * S::LANES);
            assert!(self.0.bias.is_none_or(|bias| bias.len() == self.0.count));
            // SAFETY: the assertions, and the caller of `tile`.
            unsafe {
                fetch::<S, R>(simd, self.0);
                let sums = multiply::<S, R>(simd, self.0, blocks);
                finish(simd, &sums, self.0);
            }
        }
    }
    level.run(Tile::<R>(job));
}

/// Asks for the lines that the results are written to while the sums are made.
#[inline(always)]
fn fetch<S: Simd, const R: usize>(simd: S, job: &Job<'_>) {
    for r in 0..R {
        for at in (0..job.count).step_by(16) {
            let at = r * job.stride + at;
            simd.prefetch(job.out.wrapping_add(at));
            if let Some(added) = job.added {
                simd.prefetch(added.wrapping_add(at));
            }
        }
    }
}

/// Sums of vectors, in registers.
type Sums<S, const R: usize> = [[<S as Simd>::F; VECTORS]; R];

/// The sums of all blocks, part by part.
///
/// # Safety
/// The rows have so many blocks, the weights as many terms.
#[inline(always)]
unsafe fn multiply<S: Simd, const R: usize>(simd: S, job: &Job<'_>, blocks: usize) -> Sums<S, R> {
    let (mut rows, mut weights, mut next) = (job.rows.as_ptr(), job.weights.as_ptr(), job.next);
    let mut whole = [[simd.splat(0.0); VECTORS]; R];
    for start in (0..blocks).step_by(PART) {
        let mut sums = [[simd.splat(0.0); VECTORS]; R];
        for _ in start..blocks.min(start + PART) {
            for term in 0..BLOCK {
                let mut line = [simd.splat(0.0); VECTORS];
                for v in 0..VECTORS {
                    // SAFETY: the caller has the rows and weights of these blocks.
                    line[v] = unsafe { simd.load(weights.add(v * S::LANES)) };
                }
                weights = weights.wrapping_add(VECTORS * S::LANES);
                if let Some(line) = &mut next {
                    simd.prefetch_far(*line);
                    *line = line.wrapping_add(16);
                }
                for r in 0..R {
                    // SAFETY: likewise.
                    let number = simd.splat(unsafe { *rows.add(r * BLOCK + term) });
                    for v in 0..VECTORS {
                        sums[r][v] = simd.fma(number, line[v], sums[r][v]);
                    }
                }
            }
            rows = rows.wrapping_add(R * BLOCK);
        }
        for r in 0..R {
            for v in 0..VECTORS {
                whole[r][v] = if start == 0 { sums[r][v] } else { simd.add(whole[r][v], sums[r][v]) };
            }
        }
    }
    whole
}

/// Adds what is to be added, clips and writes.
///
/// # Safety
/// As for [`Kernel`].
#[inline(always)]
unsafe fn finish<S: Simd, const R: usize>(simd: S, sums: &Sums<S, R>, job: &Job<'_>) {
    let (low, high) = (simd.splat(job.clip[0]), simd.splat(job.clip[1]));
    for v in 0..VECTORS {
        let at = v * S::LANES;
        let mask = simd.first(job.count.saturating_sub(at).min(S::LANES));
        // SAFETY: masked lanes lie within the wanted outputs, which the bias and the caller's places have.
        unsafe {
            let bias = match job.bias {
                Some(bias) => simd.load_some(bias.as_ptr().wrapping_add(at), mask),
                None => simd.splat(0.0),
            };
            for r in 0..R {
                let at = r * job.stride + at;
                let mut sum = simd.add(sums[r][v], bias);
                if let Some(added) = job.added {
                    sum = simd.add(sum, simd.load_some(added.wrapping_add(at), mask));
                }
                simd.store_some(job.out.wrapping_add(at), mask, simd.min(high, simd.max(low, sum)));
            }
        }
    }
}
