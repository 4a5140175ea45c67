//! The lock of a system without threads: a critical section, and a mark that it is held.
//!
//! Idea        Nobody else runs in a critical section, so there is nobody to wait for. Other crates
//!             hold the lock for one closure; this crate has guards, too.
//! States      free ⇄ held
//! Invariants  I1 `held` and `value` are touched inside a critical section only.
//!             I2 while `held`, one guard exists and is the only way to `value`.
//!             I3 guards do not leave this crate, nor the context that made them, and are dropped in
//!             the reverse order of their making; the simulated chip of the tests checks it.
//! Rejected    A public guard: two that are dropped in another order than they were made, one that is
//!             sent to another core, or one that leaves a critical section of its caller, end the
//!             section while it lives. Guards that are counted, so that the last one ends the section,
//!             whichever it is: the third case stays, and each lock takes a word more.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

#[cfg(not(test))]
use super::bare_section as section;
#[cfg(test)]
use super::simulated as section;

/// A short-held lock; here a critical section, so that interrupt handlers may take it too.
///
/// # Examples
/// ```
/// use selkie_core::raw::platform::Lock;
///
/// static LAPS: Lock<u32> = Lock::new(0);
///
/// LAPS.with(|laps| *laps += 1);
/// assert_eq!(LAPS.with(|laps| *laps), 1);
/// ```
#[derive(Debug)]
pub struct Lock<T: ?Sized> {
    held: core::cell::Cell<bool>,
    value: core::cell::UnsafeCell<T>,
}

// SAFETY: all access happens inside a critical section (I1), which excludes every other context.
unsafe impl<T: ?Sized + Send> Sync for Lock<T> {}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

#[cold]
#[inline(never)]
fn taken_twice() -> ! {
    panic!("lock taken twice in one context");
}

/// Enters a critical section and sets `held`; if it was set, leaves again. Not inlined, as the next
/// two: each use would take the flash of a critical section.
#[inline(never)]
fn try_take(held: &core::cell::Cell<bool>) -> Option<section::RestoreState> {
    // SAFETY: released exactly once: below, or in `give_back`.
    let restore = unsafe { section::acquire() };
    if held.replace(true) {
        // SAFETY: pairs with the acquire above; nothing was taken.
        unsafe { section::release(restore) };
        return None;
    }
    Some(restore)
}

#[inline(never)]
fn take(held: &core::cell::Cell<bool>) -> section::RestoreState {
    match try_take(held) {
        Some(restore) => restore,
        None => taken_twice(),
    }
}

#[inline(never)]
fn give_back(held: &core::cell::Cell<bool>, restore: section::RestoreState) {
    held.set(false);
    // SAFETY: pairs with the acquire in `try_take`; the one guard drops once, and before those that
    // were made before it (I3).
    unsafe { section::release(restore) };
}

/// Access to what a [`Lock`] guards, until dropped; interrupts stay off that long. For this crate,
/// which keeps the order of its guards (I3).
#[derive(Debug)]
pub struct LockGuard<'a, T: ?Sized> {
    lock: &'a Lock<T>,
    restore: section::RestoreState,
    /// Neither `Send` nor `Sync`: the critical section is that of the context that entered it.
    _here: PhantomData<*const ()>,
}

impl<T> Lock<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self {
            held: core::cell::Cell::new(false),
            value: core::cell::UnsafeCell::new(value),
        }
    }

    /// The value, out of its lock.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Lock<T> {
    /// Runs `f` on the value, in a critical section: make it short.
    ///
    /// # Panics
    /// If `f` takes this very lock, or panics.
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock())
    }

    /// Enters a critical section and takes the lock. Not for other crates: see the type.
    ///
    /// ```compile_fail,E0624
    /// use selkie_core::raw::platform::Lock;
    ///
    /// static FIRST: Lock<u32> = Lock::new(0);
    /// static SECOND: Lock<u32> = Lock::new(0);
    ///
    /// let first = FIRST.lock();
    /// let second = SECOND.lock();
    /// drop(first);
    /// // Interrupts would be on here, where `second` is held.
    /// drop(second);
    /// ```
    ///
    /// # Panics
    /// If this very context holds the lock already.
    #[inline]
    pub(crate) fn lock(&self) -> LockGuard<'_, T> {
        LockGuard {
            lock: self,
            restore: take(&self.held),
            _here: PhantomData,
        }
    }

    /// Takes the lock if this context does not hold it already.
    #[inline]
    #[allow(dead_code)]
    pub(crate) fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        let restore = try_take(&self.held)?;
        Some(LockGuard {
            lock: self,
            restore,
            _here: PhantomData,
        })
    }
}

impl<T: ?Sized> Deref for LockGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this is the one guard (I2).
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for LockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this is the one guard (I2), borrowed mutably.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized> Drop for LockGuard<'_, T> {
    fn drop(&mut self) {
        give_back(&self.lock.held, self.restore);
    }
}

/// A critical section that ends when this drops, also on unwinding.
struct Section(section::RestoreState);

impl Section {
    /// Not inlined, as its end: each use would take the flash of a critical section.
    #[inline(never)]
    fn enter() -> Self {
        // SAFETY: released exactly once, in `drop`.
        Self(unsafe { section::acquire() })
    }
}

impl Drop for Section {
    #[inline(never)]
    fn drop(&mut self) {
        // SAFETY: the one that is acquired in `enter`; a section lives in one function, which ends
        // what it began in the reverse order.
        unsafe { section::release(self.0) };
    }
}

/// Runs `f` in a critical section, so that no interrupt handler comes between its steps.
#[inline]
pub fn without_interrupts<R>(f: impl FnOnce() -> R) -> R {
    let _section = Section::enter();
    f()
}
