//! Four numbers in an array, which the compiler makes vectors of: SSE2 on x86-64, NEON on 64-bit ARM.

use super::Simd;

#[derive(Clone, Copy)]
pub(super) struct Portable;

type F = [f32; 4];

#[inline(always)]
fn each(f: impl Fn(usize) -> f32) -> F {
    [f(0), f(1), f(2), f(3)]
}

impl Simd for Portable {
    type F = F;
    type M = usize;
    const LANES: usize = 4;
    // 32 registers of four numbers, or 16.
    const PIXELS: usize = if cfg!(target_arch = "aarch64") { 8 } else { 4 };

    #[inline(always)]
    fn first(self, count: usize) -> usize {
        count
    }
    #[inline(always)]
    fn splat(self, x: f32) -> F {
        [x; 4]
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> F {
        // SAFETY: the caller's.
        unsafe { from.cast::<F>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: F) {
        // SAFETY: the caller's.
        unsafe { to.cast::<F>().write_unaligned(x) }
    }
    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, mask: usize) -> F {
        // SAFETY: the caller's.
        each(|i| if i < mask { unsafe { *from.add(i) } } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, mask: usize, x: F) {
        for (i, x) in x.into_iter().enumerate().take(mask) {
            // SAFETY: the caller's.
            unsafe { *to.add(i) = x }
        }
    }
    #[inline(always)]
    fn add(self, a: F, b: F) -> F {
        each(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn sub(self, a: F, b: F) -> F {
        each(|i| a[i] - b[i])
    }
    #[inline(always)]
    fn mul(self, a: F, b: F) -> F {
        each(|i| a[i] * b[i])
    }
    #[inline(always)]
    fn div(self, a: F, b: F) -> F {
        each(|i| a[i] / b[i])
    }
    /// Fused only where there is an instruction for it; elsewhere that is a slow function.
    #[inline(always)]
    fn fma(self, a: F, b: F, c: F) -> F {
        const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
        each(|i| if FUSED { a[i].mul_add(b[i], c[i]) } else { a[i] * b[i] + c[i] })
    }
    #[inline(always)]
    fn max(self, a: F, b: F) -> F {
        each(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn min(self, a: F, b: F) -> F {
        each(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn greater(self, a: F, b: F, yes: F, no: F) -> F {
        each(|i| if a[i] > b[i] { yes[i] } else { no[i] })
    }
    #[inline(always)]
    fn equal(self, a: F, b: F, yes: F, no: F) -> F {
        each(|i| if a[i] == b[i] { yes[i] } else { no[i] })
    }
    #[inline(always)]
    fn round(self, x: F) -> F {
        // Adding this constant leaves no bits behind the point; far from zero there are none anyway.
        const SHIFT: f32 = 12_582_912.0;
        each(|i| if x[i].abs() < 4_194_304.0 { (x[i] + SHIFT) - SHIFT } else { x[i] })
    }
    #[inline(always)]
    fn scale(self, x: F, n: F) -> F {
        each(|i| x[i] * f32::from_bits((((n[i] as i32) + 127) << 23) as u32))
    }
    #[inline(always)]
    unsafe fn transpose(self, from: *const f32, row: usize, to: *mut f32, column: usize) {
        // SAFETY: the caller's.
        unsafe {
            let rows = [0, 1, 2, 3].map(|r| self.load(from.add(r * row)));
            for c in 0..4 {
                self.store(to.add(c * column), each(|r| rows[r][c]));
            }
        }
    }
    #[inline(always)]
    fn prefetch(self, _: *const f32) {}
    #[inline(always)]
    fn prefetch_write(self, _: *const f32) {}
    #[inline(always)]
    fn prefetch_far(self, _: *const f32) {}
}
