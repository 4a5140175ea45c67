//! Critical sections and flags without threads: one section for all that an operation does.
//!
//! Idea        An operation enters one section and passes the proof of it on, so that what it changes there are plain bytes
//!             and locks without a check.
//! Invariants  I1 `value` is changed inside a critical section only.
//! Rejected    Sections in sections: they are sound, and each takes ten instructions.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::marker::PhantomData;

#[cfg(not(test))]
use super::bare_section as section;
#[cfg(test)]
use super::simulated as section;

/// Proves that the caller is in a critical section of this context.
#[derive(Debug)]
pub struct InSection(PhantomData<*const ()>);

/// Runs `f` in a critical section, so that no interrupt handler comes between its steps.
#[inline(always)]
pub fn in_section<R>(f: impl FnOnce(&InSection) -> R) -> R {
    section::with(|| f(&InSection(PhantomData)))
}

/// A byte of flags that any context changes.
#[derive(Debug)]
#[repr(transparent)]
pub struct Flags(UnsafeCell<u8>);

// SAFETY: all access happens inside a critical section (I1), which excludes every other context.
unsafe impl Sync for Flags {}

impl Flags {
    /// Holds `value`.
    pub const fn new(value: u8) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// The flags.
    pub fn load(&self) -> u8 {
        in_section(|section| self.update(section, |now| now))
    }

    /// Sets what `next` makes of the flags, and returns them as they were.
    #[inline(always)]
    pub fn update(&self, _section: &InSection, next: impl Fn(u8) -> u8) -> u8 {
        let place = self.0.get();
        // SAFETY: in a critical section, by its proof (I1).
        let before = unsafe { *place };
        // SAFETY: as above.
        unsafe { *place = next(before) };
        before
    }

    /// Sets `next` if the flags are `now`, and says whether they were.
    #[inline(always)]
    pub fn replace_if(&self, _section: &InSection, now: u8, next: u8) -> bool {
        let place = self.0.get();
        // SAFETY: in a critical section, by its proof (I1).
        let is = unsafe { *place } == now;
        if is {
            // SAFETY: as above.
            unsafe { *place = next };
        }
        is
    }
}

/// A lock that only this crate's own code takes, for a few steps that take no other and call nothing foreign: a critical
/// section without a mark that it is held, so that no code is there which panics.
#[derive(Debug)]
pub struct LeafLock<T> {
    #[cfg(debug_assertions)]
    held: core::cell::Cell<bool>,
    value: UnsafeCell<T>,
}

// SAFETY: all access happens inside a critical section (I1), which excludes every other context.
unsafe impl<T: Send> Sync for LeafLock<T> {}

impl<T> LeafLock<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self {
            #[cfg(debug_assertions)]
            held: core::cell::Cell::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Runs `f` on the value.
    ///
    /// # Safety
    /// `f` does not take this lock.
    #[inline(always)]
    pub(crate) unsafe fn with<R>(&self, _section: &InSection, f: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(debug_assertions)]
        assert!(
            !self.held.replace(true),
            "a lock taken twice in one context"
        );
        // SAFETY: in a critical section, by its proof (I1), and `f` does not come here by the caller's promise.
        let result = f(unsafe { &mut *self.value.get() });
        #[cfg(debug_assertions)]
        self.held.set(false);
        result
    }

    /// Runs `f` on a pointer to the value, which an interrupt handler may be about to change.
    ///
    /// # Safety
    /// `f` reads one word, by a volatile read.
    #[inline(always)]
    pub(crate) unsafe fn glance<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        section::step();
        f(self.value.get())
    }
}
