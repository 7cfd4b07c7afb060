//! Results that threads write to different places of.

/// A vector under construction.
#[derive(Clone, Copy)]
pub(crate) struct Output(*mut f32);

// SAFETY: writing through it is unsafe, and those who do so see to it that no two threads write to one place.
unsafe impl Send for Output {}
// SAFETY: likewise.
unsafe impl Sync for Output {}

impl Output {
    /// A vector of `count` numbers that `write` gives values to.
    ///
    /// # Safety
    /// `write` writes all of them.
    pub(crate) unsafe fn collect(count: usize, write: impl FnOnce(Self)) -> Vec<f32> {
        let mut numbers = Vec::with_capacity(count);
        write(Self(numbers.as_mut_ptr()));
        // SAFETY: the caller's.
        unsafe { numbers.set_len(count) };
        numbers
    }

    /// The same, where what `write` leaves out is zero.
    pub(crate) fn collect_some(count: usize, write: impl FnOnce(Self)) -> Vec<f32> {
        let mut numbers = vec![0.0; count];
        write(Self(numbers.as_mut_ptr()));
        numbers
    }

    /// Where a number goes.
    pub(crate) fn at(self, index: usize) -> *mut f32 {
        self.0.wrapping_add(index)
    }
}
