//! A place for one waker: one task waits, anyone wakes.
//!
//! Idea        The waiting side stores its waker and then looks at its condition; the other side
//!             changes the condition and then wakes. Each passes through one word with a
//!             read-modify-write, so the one that comes second sees what the first did.
//! States      IDLE ─register→ STORING ─→ IDLE;   IDLE ─take→ TAKING ─→ IDLE
//!             STORING ─take→ STORING|TAKING: the storing side finds the mark and wakes.
//! Invariants  I1 `waker` is touched only by whoever moved the word from IDLE to STORING or TAKING.
//!             I2 a take that meets a store in progress leaves its mark, and the store honours it.
//! Rejected    `Lock<Option<Waker>>`: a waker's clone and drop would run inside the lock.
//!
//! Source      The protocol is the well-known "atomic waker"; ours differs in that the replaced
//!             waker is dropped only after the cell is free again.
#![allow(unsafe_code)]

use core::task::Waker;

use crate::maybe_const;
use crate::platform::{AtomicUsize, Ordering, UnsafeCell};

const IDLE: usize = 0;
const STORING: usize = 1;
const TAKING: usize = 2;

/// A cell for the waker of one waiting task.
#[derive(Debug)]
pub struct WakerCell {
    state: AtomicUsize,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: the state word gives the waker to one side at a time (I1), and wakers are Send.
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
    /// # Cost
    /// Two read-modify-writes.
    pub fn register(&self, waker: &Waker) {
        // Acquire: pairs with the Release in `take`, so that what was done before that take is
        // seen by the check that follows this call.
        if let Err(now) =
            self.state
                .compare_exchange(IDLE, STORING, Ordering::Acquire, Ordering::Acquire)
        {
            if now == TAKING {
                // Someone is waking right now: the condition may have changed.
                crate::platform::relax();
            }
            waker.wake_by_ref();
            return;
        }
        let old = self.waker.with_mut(|slot| {
            // SAFETY: we moved the word from IDLE to STORING (I1).
            let slot = unsafe { &mut *slot };
            match slot {
                Some(held) if held.will_wake(waker) => None,
                _ => slot.replace(waker.clone()),
            }
        });
        // AcqRel: Release pairs with the Acquire in `take`; Acquire pairs with the Release of a
        // take that left its mark.
        let marked = self
            .state
            .compare_exchange(STORING, IDLE, Ordering::AcqRel, Ordering::Acquire)
            .is_err();
        if marked {
            // A take came while we stored: it could not have the waker, so we wake (I2).
            let woken = self.waker.with_mut(|slot| {
                // SAFETY: the word is STORING|TAKING, which keeps everyone else off (I1).
                unsafe { &mut *slot }.take()
            });
            // AcqRel: as above.
            self.state.swap(IDLE, Ordering::AcqRel);
            if let Some(woken) = woken {
                woken.wake();
            }
        }
        drop(old);
    }

    /// Takes the waker out. Change the condition before this call.
    ///
    /// # Cost
    /// Two read-modify-writes.
    #[must_use = "a waker that is taken and not woken loses a wake-up"]
    pub fn take(&self) -> Option<Waker> {
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

    /// Wakes the waiting task, if there is one. Change the condition before this call, and hold
    /// no lock.
    ///
    /// # Cost
    /// Two read-modify-writes.
    #[inline]
    pub fn wake(&self) {
        if let Some(waker) = self.take() {
            waker.wake();
        }
    }
}
