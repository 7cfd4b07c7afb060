//! AVX-512 and AVX2.

use std::arch::x86_64::*;

use super::{Simd, Work};

/// Can only be had from [`with_avx512`].
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

/// Can only be had from [`with_avx2`].
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) fn with_avx512<W: Work>(work: W) -> W::Output {
    work.run(Avx512(()))
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn with_avx2<W: Work>(work: W) -> W::Output {
    work.run(Avx2(()))
}

/// Methods that are one instruction each.
macro_rules! instructions {
    ($F:ident: $($name:ident($($x:ident),*) = $instruction:expr;)*) => {
        $(
            #[inline(always)]
            fn $name(self, $($x: $F),*) -> $F {
                // SAFETY: a value of this type is the proof that the instructions exist.
                unsafe { $instruction }
            }
        )*
    };
}

/// Transposes the four rows and columns of each sixteen numbers that lie in the same quarter or half of four vectors.
macro_rules! quads {
    ($rows:ident, $n:literal, $low:ident, $high:ident, $shuffle:ident) => {{
        let mut quads = $rows;
        for i in (0..$n).step_by(4) {
            let low = [$low($rows[i], $rows[i + 1]), $low($rows[i + 2], $rows[i + 3])];
            let high = [$high($rows[i], $rows[i + 1]), $high($rows[i + 2], $rows[i + 3])];
            quads[i] = $shuffle::<0x44>(low[0], low[1]);
            quads[i + 1] = $shuffle::<0xee>(low[0], low[1]);
            quads[i + 2] = $shuffle::<0x44>(high[0], high[1]);
            quads[i + 3] = $shuffle::<0xee>(high[0], high[1]);
        }
        quads
    }};
}

impl Simd for Avx512 {
    type F = __m512;
    type M = __mmask16;
    const LANES: usize = 16;
    const PIXELS: usize = 14;

    #[inline(always)]
    fn first(self, count: usize) -> __mmask16 {
        ((1_u32 << count) - 1) as __mmask16
    }
    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: as above, and the caller's.
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m512) {
        // SAFETY: as above, and the caller's.
        unsafe { _mm512_storeu_ps(to, x) }
    }
    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, mask: __mmask16) -> __m512 {
        // SAFETY: as above, and the caller's.
        unsafe { _mm512_maskz_loadu_ps(mask, from) }
    }
    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, mask: __mmask16, x: __m512) {
        // SAFETY: as above, and the caller's.
        unsafe { _mm512_mask_storeu_ps(to, mask, x) }
    }
    instructions! {__m512:
        add(a, b) = _mm512_add_ps(a, b);
        sub(a, b) = _mm512_sub_ps(a, b);
        mul(a, b) = _mm512_mul_ps(a, b);
        div(a, b) = _mm512_div_ps(a, b);
        fma(a, b, c) = _mm512_fmadd_ps(a, b, c);
        max(a, b) = _mm512_max_ps(a, b);
        min(a, b) = _mm512_min_ps(a, b);
        greater(a, b, yes, no) = _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b), no, yes);
        equal(a, b, yes, no) = _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b), no, yes);
        round(x) = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x);
        scale(x, n) = _mm512_scalef_ps(x, n);
    }
    #[inline(always)]
    unsafe fn transpose(self, from: *const f32, row: usize, to: *mut f32, column: usize) {
        // SAFETY: as above, and the caller's.
        unsafe {
            let mut rows = [_mm512_setzero_ps(); 16];
            for r in 0..16 {
                rows[r] = self.load(from.add(r * row));
            }
            let quads = quads!(rows, 16, _mm512_unpacklo_ps, _mm512_unpackhi_ps, _mm512_shuffle_ps);
            // Quarter `q` of `quads[4 i + c]` holds column `4 q + c` of rows `4 i` to `4 i + 3`.
            for c in 0..4 {
                let [a, b, e, f] = [quads[c], quads[4 + c], quads[8 + c], quads[12 + c]];
                let even = [_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(e, f)];
                let odd = [_mm512_shuffle_f32x4::<0xdd>(a, b), _mm512_shuffle_f32x4::<0xdd>(e, f)];
                self.store(to.add(c * column), _mm512_shuffle_f32x4::<0x88>(even[0], even[1]));
                self.store(to.add((4 + c) * column), _mm512_shuffle_f32x4::<0x88>(odd[0], odd[1]));
                self.store(to.add((8 + c) * column), _mm512_shuffle_f32x4::<0xdd>(even[0], even[1]));
                self.store(to.add((12 + c) * column), _mm512_shuffle_f32x4::<0xdd>(odd[0], odd[1]));
            }
        }
    }
    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // SAFETY: a prefetch reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    fn prefetch_write(self, at: *const f32) {
        // SAFETY: likewise.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(at.cast()) }
    }
    #[inline(always)]
    fn prefetch_far(self, at: *const f32) {
        // SAFETY: likewise.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
    }
}

impl Simd for Avx2 {
    type F = __m256;
    type M = __m256i;
    const LANES: usize = 8;
    const PIXELS: usize = 6;

    #[inline(always)]
    fn first(self, count: usize) -> __m256i {
        // SAFETY: as above.
        unsafe {
            let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lanes)
        }
    }
    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        // SAFETY: as above.
        unsafe { _mm256_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: as above, and the caller's.
        unsafe { _mm256_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m256) {
        // SAFETY: as above, and the caller's.
        unsafe { _mm256_storeu_ps(to, x) }
    }
    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, mask: __m256i) -> __m256 {
        // SAFETY: as above, and the caller's.
        unsafe { _mm256_maskload_ps(from, mask) }
    }
    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, mask: __m256i, x: __m256) {
        // SAFETY: as above, and the caller's.
        unsafe { _mm256_maskstore_ps(to, mask, x) }
    }
    instructions! {__m256:
        add(a, b) = _mm256_add_ps(a, b);
        sub(a, b) = _mm256_sub_ps(a, b);
        mul(a, b) = _mm256_mul_ps(a, b);
        div(a, b) = _mm256_div_ps(a, b);
        fma(a, b, c) = _mm256_fmadd_ps(a, b, c);
        max(a, b) = _mm256_max_ps(a, b);
        min(a, b) = _mm256_min_ps(a, b);
        greater(a, b, yes, no) = _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_GT_OQ>(a, b));
        equal(a, b, yes, no) = _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b));
        round(x) = _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x);
        scale(x, n) = _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(
            _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127))
        )));
    }
    #[inline(always)]
    unsafe fn transpose(self, from: *const f32, row: usize, to: *mut f32, column: usize) {
        // SAFETY: as above, and the caller's.
        unsafe {
            let mut rows = [_mm256_setzero_ps(); 8];
            for r in 0..8 {
                rows[r] = self.load(from.add(r * row));
            }
            let quads = quads!(rows, 8, _mm256_unpacklo_ps, _mm256_unpackhi_ps, _mm256_shuffle_ps);
            // Half `h` of `quads[4 i + c]` holds column `4 h + c` of rows `4 i` to `4 i + 3`.
            for c in 0..4 {
                let [a, b] = [quads[c], quads[4 + c]];
                self.store(to.add(c * column), _mm256_permute2f128_ps::<0x20>(a, b));
                self.store(to.add((4 + c) * column), _mm256_permute2f128_ps::<0x31>(a, b));
            }
        }
    }
    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // SAFETY: a prefetch reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    fn prefetch_write(self, at: *const f32) {
        // SAFETY: likewise.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(at.cast()) }
    }
    #[inline(always)]
    fn prefetch_far(self, at: *const f32) {
        // SAFETY: likewise.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
    }
}
