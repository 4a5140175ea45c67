//! Critical sections and flags where there are threads: nothing is switched off, each change is atomic by itself.
#![allow(unsafe_code)]

use core::sync::atomic::Ordering;

#[cfg(not(loom))]
use super::hosted::{AtomicU8, Lock};
#[cfg(loom)]
use super::model::{AtomicU8, Lock};

/// Proves that the caller is in [`in_section`], which says nothing here.
#[derive(Debug)]
pub struct InSection(());

/// Runs `f`: there are no interrupts to keep off.
#[inline(always)]
pub fn in_section<R>(f: impl FnOnce(&InSection) -> R) -> R {
    f(&InSection(()))
}

/// A byte of flags that any context changes.
#[derive(Debug)]
pub struct Flags(AtomicU8);

impl Flags {
    crate::maybe_const! {
        /// Holds `value`.
        pub fn new(value: u8) -> Self {
            Self(AtomicU8::new(value))
        }
    }

    /// The flags; what was done before they were set is visible.
    pub fn load(&self) -> u8 {
        // Acquire: pairs with the Release in `update`.
        self.0.load(Ordering::Acquire)
    }

    /// Sets what `next` makes of the flags, and returns them as they were. What was done before an earlier change is
    /// visible after this one, also if that changed nothing.
    pub fn update(&self, _section: &InSection, next: impl Fn(u8) -> u8) -> u8 {
        let mut now = self.0.load(Ordering::Relaxed);
        loop {
            // AcqRel: pairs with itself. The failure's Relaxed: `next` looks at the flags alone.
            let changed =
                self.0
                    .compare_exchange_weak(now, next(now), Ordering::AcqRel, Ordering::Relaxed);
            match changed {
                Ok(before) => return before,
                Err(other) => now = other,
            }
        }
    }

    /// Sets `next` if the flags are `now`, and says whether they were. What was done before is visible after a later change
    /// in either case.
    pub fn replace_if(&self, section: &InSection, now: u8, next: u8) -> bool {
        // Written in any case.
        self.update(section, |before| if before == now { next } else { before }) == now
    }
}

/// A lock that only this crate's own code takes, for a few steps that take no other and call nothing foreign.
#[derive(Debug)]
pub struct LeafLock<T>(Lock<T>);

impl<T> LeafLock<T> {
    crate::maybe_const! {
        /// Wraps `value`.
        pub fn new(value: T) -> Self {
            Self(Lock::new(value))
        }
    }

    /// Waits for the lock and runs `f` on the value.
    ///
    /// # Safety
    /// `f` does not take this lock.
    #[inline]
    pub(crate) unsafe fn with<R>(&self, _section: &InSection, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock())
    }

    /// Runs `f` on a pointer to the value, which others may be about to change.
    ///
    /// # Safety
    /// `f` reads one word, by a volatile read.
    #[inline]
    pub(crate) unsafe fn glance<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(&raw const *self.0.lock())
    }
}
