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
        round(x) = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x);
        scale(x, n) = _mm512_scalef_ps(x, n);
    }
    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // SAFETY: a prefetch reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
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
        round(x) = _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x);
        scale(x, n) = _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(
            _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127))
        )));
    }
    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // SAFETY: a prefetch reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    fn prefetch_far(self, at: *const f32) {
        // SAFETY: likewise.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
    }
}
