//! A 64-bit atomic for chips that have none: a critical section around eight bytes.
//!
//! Idea        One core, whose interrupt handlers are the only other contexts: with interrupts off
//!             a plain access is atomic.
//! Invariants  I1 `value` is touched inside a critical section only.
//! Rejected    A table of spinning locks, as `portable-atomic` falls back to where there is a
//!             compare-exchange: two kilobytes of RAM, and an interrupt handler that finds a lock
//!             taken by the code it interrupted spins for ever.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::fmt;
use core::sync::atomic::Ordering;

/// A 64-bit integer that any context may read and change.
#[derive(Default)]
#[repr(transparent)]
pub struct AtomicU64 {
    value: UnsafeCell<u64>,
}

// SAFETY: all access happens inside a critical section (I1), which excludes every other context.
unsafe impl Sync for AtomicU64 {}

impl AtomicU64 {
    /// Holds `value`.
    pub const fn new(value: u64) -> Self {
        Self {
            value: UnsafeCell::new(value),
        }
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut u64) -> R) -> R {
        // SAFETY: in a critical section nobody else touches the value (I1), and `f` does not
        // come back here: it is one of the closures below.
        critical_section::with(|_| f(unsafe { &mut *self.value.get() }))
    }

    /// The value.
    #[inline(never)]
    pub fn load(&self, _order: Ordering) -> u64 {
        self.with(|value| *value)
    }

    /// Sets the value.
    #[inline(never)]
    pub fn store(&self, value: u64, _order: Ordering) {
        self.with(|now| *now = value);
    }

    /// Sets the value and returns the one before.
    pub fn swap(&self, value: u64, _order: Ordering) -> u64 {
        self.with(|now| core::mem::replace(now, value))
    }

    /// Adds, wrapping, and returns the value before.
    pub fn fetch_add(&self, add: u64, _order: Ordering) -> u64 {
        self.with(|now| core::mem::replace(now, now.wrapping_add(add)))
    }

    /// Subtracts, wrapping, and returns the value before.
    pub fn fetch_sub(&self, sub: u64, _order: Ordering) -> u64 {
        self.with(|now| core::mem::replace(now, now.wrapping_sub(sub)))
    }

    /// Sets the bits of `mask` and returns the value before.
    pub fn fetch_or(&self, mask: u64, _order: Ordering) -> u64 {
        self.with(|now| core::mem::replace(now, *now | mask))
    }

    /// Clears the bits that `mask` has not and returns the value before.
    pub fn fetch_and(&self, mask: u64, _order: Ordering) -> u64 {
        self.with(|now| core::mem::replace(now, *now & mask))
    }

    /// Sets the larger of the two values and returns the one before.
    pub fn fetch_max(&self, other: u64, _order: Ordering) -> u64 {
        self.with(|now| core::mem::replace(now, (*now).max(other)))
    }

    /// Sets `new` if the value is `current`; returns the value before.
    ///
    /// # Errors
    /// The value, if it is not `current`.
    pub fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        _success: Ordering,
        _failure: Ordering,
    ) -> Result<u64, u64> {
        self.with(|now| {
            if *now == current {
                *now = new;
                Ok(current)
            } else {
                Err(*now)
            }
        })
    }

    /// As [`compare_exchange`](Self::compare_exchange); it does not fail spuriously here.
    ///
    /// # Errors
    /// The value, if it is not `current`.
    pub fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.compare_exchange(current, new, success, failure)
    }

    /// Sets what `next` makes of the value; returns the value before.
    ///
    /// # Errors
    /// The value, if `next` answers `None`.
    pub fn fetch_update(
        &self,
        set_order: Ordering,
        fetch_order: Ordering,
        mut next: impl FnMut(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        let mut now = self.load(fetch_order);
        while let Some(new) = next(now) {
            match self.compare_exchange(now, new, set_order, fetch_order) {
                Ok(before) => return Ok(before),
                Err(other) => now = other,
            }
        }
        Err(now)
    }
}

impl fmt::Debug for AtomicU64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load(Ordering::Relaxed).fmt(f)
    }
}
