//! A number of each thread, which other threads may look at.
//!
//! Idea        The thread that has the number reads and writes it as it would a plain cell: a relaxed atomic access is the same
//!             instruction. Whoever looks from another thread sees some number that stood there.
#![allow(unsafe_code)]

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Words of a number: not every system has atomics of 64 bits.
const WORDS: usize = size_of::<u64>() / size_of::<usize>();

/// The number of one thread.
#[derive(Debug)]
pub struct ContextWord([AtomicUsize; WORDS]);

impl Default for ContextWord {
    fn default() -> Self {
        Self::new()
    }
}

impl ContextWord {
    /// The number 0.
    pub const fn new() -> Self {
        Self([const { AtomicUsize::new(0) }; WORDS])
    }

    /// The number now. Of a number that takes two words another thread may see the halves of two.
    #[inline(always)]
    pub fn get(&self) -> u64 {
        let mut value = 0;
        for (index, word) in self.0.iter().enumerate() {
            // Relaxed: the number orders nothing.
            value |= (word.load(Ordering::Relaxed) as u64) << (index * usize::BITS as usize);
        }
        value
    }

    /// Stores `value`.
    #[inline(always)]
    pub fn set(&self, value: u64) {
        for (index, word) in self.0.iter().enumerate() {
            let part = value >> (index * usize::BITS as usize);
            // Relaxed: as in `get`.
            word.store(part as usize, Ordering::Relaxed);
        }
    }
}

/// A thread's number, as other threads see it.
#[derive(Debug, Clone, Copy)]
pub struct ContextWordRef(NonNull<ContextWord>);

// SAFETY: the number is atomic, and read only while its thread is there.
unsafe impl Send for ContextWordRef {}
// SAFETY: as above.
unsafe impl Sync for ContextWordRef {}

impl ContextWordRef {
    /// A reference to `word`.
    pub fn new(word: &ContextWord) -> Self {
        Self(NonNull::from(word))
    }

    /// The number now.
    ///
    /// # Safety
    /// The thread whose number it is has not ended.
    pub unsafe fn get(self) -> u64 {
        // SAFETY: by the caller's promise.
        unsafe { self.0.as_ref() }.get()
    }
}
