//! What becomes of freed memory.

use std::sync::Once;

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
