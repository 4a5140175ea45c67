//! A cell for one waker: one task waits, and any context may wake it.
//!
//! Idea        The waiting side stores its waker and then looks at its condition; the other side
//!             changes the condition and then wakes. Each passes through one word with a
//!             read-modify-write, so whichever comes second sees what the first did. Without
//!             threads each side is one critical section instead: an interrupt handler that met a
//!             half-done step could only wait for the context that it suspended.
//! States      IDLE ─register→ STORING ─→ IDLE;   IDLE ─take→ TAKING ─→ IDLE
//!             STORING ─take→ STORING|TAKING: the storing side finds the mark and wakes.
//!             Without threads the word stays IDLE.
//! Invariants  I1 `waker` is touched only by whoever moved the word from IDLE to STORING or TAKING,
//!             or, without threads, in a critical section.
//!             I2 a take that meets a store in progress leaves its mark, and the store honours it,
//!             also when the waker's clone panics: the cell is then as if nothing was registered.
//!             I3 without threads `wake` is one critical section, the waker's own wake included: a
//!             handler that finds the cell empty need not wake. Clones and drops are outside.
//! Rejected    With threads, `Lock<Option<Waker>>`: a mutex at each poll. Without threads, the word: a
//!             `register` that meets a `take` would wake its own task again and again, while it
//!             suspends the very context that takes.
//!
//! Source      The protocol is the well-known "atomic waker"; ours differs in that the replaced
//!             waker is dropped only after the cell is free again.
#![allow(unsafe_code)]

use core::task::Waker;

use crate::maybe_const;
use crate::platform::{
    AtomicUsize, HAS_THREADS, Ordering, UnsafeCell, relax, wake_to_caller, without_interrupts,
};

const IDLE: usize = 0;
const STORING: usize = 1;
const TAKING: usize = 2;

/// A cell for the waker of one waiting task.
#[derive(Debug)]
pub struct WakerCell {
    state: AtomicUsize,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: one side at a time touches the waker (I1), and wakers are Send.
unsafe impl Send for WakerCell {}
// SAFETY: as above.
unsafe impl Sync for WakerCell {}

impl Default for WakerCell {
    fn default() -> Self {
        Self::new()
    }
}

impl WakerCell {
    maybe_const! {
        /// A cell without a waker.
        pub fn new() -> Self {
            Self { state: AtomicUsize::new(IDLE), waker: UnsafeCell::new(None) }
        }
    }

    /// Stores `waker` in place of the one before, if it is another one. Look at the condition
    /// after this call.
    ///
    /// Only one task at a time may register; a second one that does so concurrently is woken at
    /// once, so that it tries again.
    ///
    /// # Panics
    /// If the waker's `clone` does: then nothing was registered, and the waker before still is.
    ///
    /// # Cost
    /// Two read-modify-writes; without threads one critical section.
    #[inline]
    pub fn register(&self, waker: &Waker) {
        if HAS_THREADS {
            self.register_beside_threads(waker);
        } else {
            let fresh = waker.clone();
            drop(self.replace(Some(fresh)));
        }
    }

    fn register_beside_threads(&self, waker: &Waker) {
        // Acquire: pairs with the Release in `take`, so that what was done before that take is
        // seen by the check that follows this call.
        if let Err(now) =
            self.state
                .compare_exchange(IDLE, STORING, Ordering::Acquire, Ordering::Acquire)
        {
            if now == TAKING {
                // Someone is waking right now: the condition may have changed.
                relax();
            }
            return waker.wake_by_ref();
        }
        // Ends the store also when the waker's `clone` unwinds (I2).
        let storing = StoreGuard(self);
        let old = self.waker.with_mut(|slot| {
            // SAFETY: we moved the word from IDLE to STORING (I1).
            let slot = unsafe { &mut *slot };
            match slot {
                Some(held) if held.will_wake(waker) => None,
                _ => slot.replace(waker.clone()),
            }
        });
        drop(storing);
        drop(old);
    }

    /// Takes the waker out. Change the condition before this call.
    ///
    /// # Cost
    /// Two read-modify-writes; without threads one critical section.
    #[must_use = "a waker that is taken and not woken loses a wake-up"]
    #[inline]
    pub fn take(&self) -> Option<Waker> {
        if HAS_THREADS {
            self.take_beside_threads()
        } else {
            self.replace(None)
        }
    }

    fn take_beside_threads(&self) -> Option<Waker> {
        // AcqRel: Release pairs with the Acquire in `register`, which thereby sees the changed
        // condition; Acquire pairs with the Release there, which stored the waker.
        if self.state.fetch_or(TAKING, Ordering::AcqRel) != IDLE {
            return None;
        }
        let waker = self.waker.with_mut(|slot| {
            // SAFETY: we moved the word from IDLE to TAKING (I1).
            unsafe { &mut *slot }.take()
        });
        // Release: pairs with the Acquire in `register`.
        self.state.fetch_and(!TAKING, Ordering::Release);
        waker
    }

    /// Without threads: puts `fresh` into the cell and returns what was there. Not inlined: each use
    /// would take the flash of a critical section.
    #[inline(never)]
    fn replace(&self, fresh: Option<Waker>) -> Option<Waker> {
        without_interrupts(|| {
            self.waker.with_mut(|slot| {
                // SAFETY: in a critical section, without threads (I1).
                let slot = unsafe { &mut *slot };
                core::mem::replace(slot, fresh)
            })
        })
    }

    /// Wakes the waiting task, if there is one. Change the condition before this call, and hold
    /// no lock.
    ///
    /// # Cost
    /// As [`take`](Self::take).
    #[inline]
    pub fn wake(&self) {
        // In one section (I3).
        without_interrupts(|| {
            if let Some(waker) = self.take() {
                waker.wake();
            }
        });
    }

    /// As [`wake`](Self::wake), for a drop, in which a panic may be under way: that one then goes on
    /// alone, and the waker's is contained. Not inlined: a drop seldom wakes.
    #[inline(never)]
    pub fn wake_from_drop(&self) {
        // In one section (I3).
        without_interrupts(|| {
            if let Some(waker) = self.take() {
                wake_to_caller(waker);
            }
        });
    }
}

/// A store in progress: ends it when dropped.
struct StoreGuard<'a>(&'a WakerCell);

impl Drop for StoreGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        let cell = self.0;
        // AcqRel: Release pairs with the Acquire in `take`; Acquire pairs with the Release of a
        // take that left its mark.
        let is_marked = cell
            .state
            .compare_exchange(STORING, IDLE, Ordering::AcqRel, Ordering::Acquire)
            .is_err();
        if !is_marked {
            return;
        }
        // A take came while we stored: it could not have the waker, so we wake (I2).
        let woken = cell.waker.with_mut(|slot| {
            // SAFETY: the word is STORING|TAKING, which keeps everyone else off (I1).
            unsafe { &mut *slot }.take()
        });
        // AcqRel: as above.
        cell.state.swap(IDLE, Ordering::AcqRel);
        if let Some(woken) = woken {
            wake_to_caller(woken);
        }
    }
}
