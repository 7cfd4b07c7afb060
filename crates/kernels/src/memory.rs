//! What becomes of freed memory.

use std::sync::{Once, OnceLock};

/// Keeps freed memory for the next allocation of this process, where the C library can be told so.
///
/// By default large blocks go back to the system at once, and the next pass over a network pays for as many new
/// pages, each zeroed by the kernel, as it has values. The most memory that is in use at one time stays the same.
pub fn keep_freed_memory() {
    static ONCE: Once = Once::new();
    ONCE.call_once(keep);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn keep() {
    // SAFETY: these parameters may be changed at any time.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn keep() {}

/// Asks for large pages behind numbers that nobody has touched yet: a pass over a network reads more small ones than a processor can
/// remember the places of. Nothing happens where the system has none.
#[cfg(target_os = "linux")]
pub(crate) fn prefer_large_pages(start: *mut f32, count: usize) {
    const PAGE: usize = 1 << 21;
    let first = (start as usize).next_multiple_of(PAGE);
    let end = (start as usize + 4 * count) / PAGE * PAGE;
    if first < end {
        // SAFETY: the advice changes no contents, and the pages between lie within the memory of the numbers.
        unsafe { libc::madvise(first as *mut libc::c_void, end - first, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn prefer_large_pages(_: *mut f32, _: usize) {}

/// Bytes of half of a core's second-level cache. What is to stay there while something else passes by has half of that.
pub(crate) fn half_of_cache() -> usize {
    static BYTES: OnceLock<usize> = OnceLock::new();
    *BYTES.get_or_init(|| second_level() / 2)
}

#[cfg(target_arch = "x86_64")]
fn second_level() -> usize {
    const LEAF: u32 = 0x8000_0006;
    let has = std::arch::x86_64::__cpuid(0x8000_0000).eax >= LEAF;
    // Kilobytes; both makers report them there.
    let kilobytes = if has { std::arch::x86_64::__cpuid(LEAF).ecx >> 16 } else { 0 };
    (kilobytes as usize * 1024).clamp(1 << 19, 1 << 22)
}

#[cfg(not(target_arch = "x86_64"))]
fn second_level() -> usize {
    1 << 20
}
