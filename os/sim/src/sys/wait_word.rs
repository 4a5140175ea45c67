//! One word that a real thread sleeps on until another thread lets it go on.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

use super::syscall;

/// A permit for one thread, given by others. Sleeps in the real kernel, whatever the simulation shows.
#[derive(Debug, Default)]
pub(crate) struct WaitWord(AtomicU32);

impl WaitWord {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Lets the thread that waits here go on, or the next that will.
    pub(crate) fn set(&self) {
        // Pairs with the swap in `wait`: what was written before is seen by who goes on.
        self.0.store(1, Ordering::Release);
        // SAFETY: the word lives while it is borrowed; a wake reads no memory.
        unsafe { self.futex(libc::FUTEX_WAKE, 1) };
    }

    /// Waits for the permit and takes it.
    pub(crate) fn wait(&self) {
        // Pairs with the store in `set`.
        while self.0.swap(0, Ordering::Acquire) == 0 {
            // SAFETY: the word lives while it is borrowed.
            unsafe { self.futex(libc::FUTEX_WAIT, 0) };
        }
    }

    /// # Safety
    /// `operation` is a wake or a wait without a limit.
    unsafe fn futex(&self, operation: libc::c_int, value: u32) {
        let arguments = [
            self.0.as_ptr() as usize,
            (operation | libc::FUTEX_PRIVATE_FLAG) as usize,
            value as usize,
            0,
            0,
            0,
        ];
        // SAFETY: the address is a live, aligned word.
        let _result = unsafe { syscall(libc::SYS_futex, arguments) };
    }
}
