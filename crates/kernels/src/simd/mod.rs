//! Vectors of numbers in the instructions that this processor has, chosen at run time.
//!
//! Work is written once over [`Simd`]. [`Level::run`] compiles it for each instruction set; a value of a type
//! that implements [`Simd`] is the proof that its instructions exist.

mod peak;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

/// Operations on `LANES` numbers at once.
///
/// `max` and `min` give the second operand where one is not a number, so that clipping `x` as the second operand
/// lets it through.
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    /// A vector.
    type F: Copy;
    /// The first few lanes.
    type M: Copy;
    /// Numbers in a vector.
    const LANES: usize;
    /// Pixels of a tile: with two vectors of sums each they fit into the registers beside two vectors of weights and a sample.
    const PIXELS: usize;

    /// The first `count` lanes; `count` is at most `LANES`.
    fn first(self, count: usize) -> Self::M;
    /// One number in all lanes.
    fn splat(self, x: f32) -> Self::F;
    /// # Safety
    /// `LANES` numbers are readable.
    unsafe fn load(self, from: *const f32) -> Self::F;
    /// # Safety
    /// `LANES` numbers are writable.
    unsafe fn store(self, to: *mut f32, x: Self::F);
    /// Zero in the other lanes, which are not read.
    ///
    /// # Safety
    /// The lanes of the mask are readable.
    unsafe fn load_some(self, from: *const f32, mask: Self::M) -> Self::F;
    /// # Safety
    /// The lanes of the mask are writable.
    unsafe fn store_some(self, to: *mut f32, mask: Self::M, x: Self::F);
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a b + c`.
    fn fma(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    /// `yes` where `a > b`, `no` elsewhere.
    fn greater(self, a: Self::F, b: Self::F, yes: Self::F, no: Self::F) -> Self::F;
    /// `yes` where `a == b`, `no` elsewhere.
    fn equal(self, a: Self::F, b: Self::F, yes: Self::F, no: Self::F) -> Self::F;
    /// The nearest whole number.
    fn round(self, x: Self::F) -> Self::F;
    /// `x 2^n` for whole `n` between -126 and 127.
    fn scale(self, x: Self::F, n: Self::F) -> Self::F;
    /// Transposes `LANES` rows of `LANES` numbers each: number `c` of row `r` lies at `from + r * row + c` and goes to `to + c * column + r`.
    ///
    /// # Safety
    /// All of them are readable and their places writable.
    unsafe fn transpose(self, from: *const f32, row: usize, to: *mut f32, column: usize);
    /// Asks for the cache line at an address that may be anything.
    fn prefetch(self, at: *const f32);
    /// Asks for it to be written to.
    fn prefetch_write(self, at: *const f32);
    /// Asks for it to be brought into the second-level cache.
    fn prefetch_far(self, at: *const f32);
}

/// Work to be compiled for each instruction set. `run` and what it calls must be `#[inline(always)]`: only what is
/// inlined gets the instructions.
pub(crate) trait Work {
    /// Its result.
    type Output;
    /// Does it.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An instruction set that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Instructions);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Level {
    /// The best of this processor.
    pub fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| Self::all()[0])
    }

    /// Those of this processor, best first.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                all.push(Instructions::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Instructions::Avx2);
            }
        }
        all.push(Instructions::Portable);
        all.into_iter().map(Self).collect()
    }

    /// The one of this name, if this processor has it.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|level| level.name() == name)
    }

    /// `avx512`, `avx2` or `portable`.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "avx2",
            Instructions::Portable => "portable",
        }
    }

    /// Numbers in a vector.
    pub(crate) fn lanes(self) -> usize {
        self.run(Sizes)[0]
    }

    /// Pixels of a tile.
    pub(crate) fn pixels(self) -> usize {
        self.run(Sizes)[1]
    }

    /// Does the work.
    #[inline]
    pub(crate) fn run<W: Work>(self, work: W) -> W::Output {
        match self.0 {
            // SAFETY: only `all` makes a level, from instructions that it found.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { x86::with_avx512(work) },
            // SAFETY: likewise.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::with_avx2(work) },
            Instructions::Portable => work.run(portable::Portable),
        }
    }
}

/// Numbers in a vector, and pixels of a tile.
struct Sizes;

impl Work for Sizes {
    type Output = [usize; 2];
    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> [usize; 2] {
        [S::LANES, S::PIXELS]
    }
}
