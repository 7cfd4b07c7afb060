//! NEON, which every 64-bit ARM processor has.

use std::arch::aarch64::*;

use super::{Simd, Work};

#[derive(Clone, Copy)]
pub(super) struct Neon;

pub(super) fn with<W: Work>(work: W) -> W::Output {
    work.run(Neon)
}

/// Methods that are one instruction each.
macro_rules! instructions {
    ($($name:ident($($x:ident),*) = $instruction:expr;)*) => {
        $(
            #[inline(always)]
            fn $name(self, $($x: float32x4_t),*) -> float32x4_t {
                // SAFETY: every 64-bit ARM processor has NEON.
                #[allow(unused_unsafe)]
                unsafe { $instruction }
            }
        )*
    };
}

impl Simd for Neon {
    type F = float32x4_t;
    type M = usize;
    const LANES: usize = 4;

    #[inline(always)]
    fn first(self, count: usize) -> usize {
        count
    }
    #[inline(always)]
    fn splat(self, x: f32) -> float32x4_t {
        // SAFETY: as above.
        #[allow(unused_unsafe)]
        unsafe {
            vdupq_n_f32(x)
        }
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // SAFETY: as above, and the caller's.
        unsafe { vld1q_f32(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: float32x4_t) {
        // SAFETY: as above, and the caller's.
        unsafe { vst1q_f32(to, x) }
    }
    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, mask: usize) -> float32x4_t {
        let mut lanes = [0.0; 4];
        for (i, lane) in lanes.iter_mut().enumerate().take(mask) {
            // SAFETY: the caller's.
            *lane = unsafe { *from.add(i) };
        }
        // SAFETY: there are four lanes.
        unsafe { vld1q_f32(lanes.as_ptr()) }
    }
    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, mask: usize, x: float32x4_t) {
        let mut lanes = [0.0; 4];
        // SAFETY: there are four lanes.
        unsafe { vst1q_f32(lanes.as_mut_ptr(), x) };
        for (i, lane) in lanes.into_iter().enumerate().take(mask) {
            // SAFETY: the caller's.
            unsafe { *to.add(i) = lane }
        }
    }
    instructions! {
        add(a, b) = vaddq_f32(a, b);
        sub(a, b) = vsubq_f32(a, b);
        mul(a, b) = vmulq_f32(a, b);
        div(a, b) = vdivq_f32(a, b);
        fma(a, b, c) = vfmaq_f32(c, a, b);
        max(a, b) = vbslq_f32(vcgtq_f32(a, b), a, b);
        min(a, b) = vbslq_f32(vcltq_f32(a, b), a, b);
        greater(a, b, yes, no) = vbslq_f32(vcgtq_f32(a, b), yes, no);
        round(x) = vrndnq_f32(x);
        scale(x, n) = vmulq_f32(x, vreinterpretq_f32_s32(vshlq_n_s32::<23>(
            vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127))
        )));
    }
    #[inline(always)]
    fn prefetch(self, _: *const f32) {}
}
