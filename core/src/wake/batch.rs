//! Wakers gathered under a lock and woken after it.
//!
//! Idea        A waker is foreign code: it may take the very lock that its finder holds. So whoever
//!             finds waiters under a lock moves their wakers here, lets the lock go, then wakes.
//! Invariants  I1 the first `len` slots hold wakers, the others nothing.
//!             I2 whoever was taken out of its queue is woken, also when a waker before it panics.
//! Rejected    A `Vec`: the core has no heap; a full batch is woken and the lock taken again.

use core::task::Waker;

/// Wakers that one batch holds.
pub(super) const WAKE_BATCH: usize = 32;

/// Up to 32 wakers that wait to be woken.
#[derive(Debug)]
#[must_use = "call `wake_all` once the lock is released"]
pub struct WakeBatch {
    wakers: [Option<Waker>; WAKE_BATCH],
    len: usize,
}

impl Default for WakeBatch {
    fn default() -> Self {
        Self::new()
    }
}

impl WakeBatch {
    /// A batch without wakers.
    pub const fn new() -> Self {
        Self {
            wakers: [const { None }; WAKE_BATCH],
            len: 0,
        }
    }

    /// Whether another waker fits.
    pub const fn has_room(&self) -> bool {
        self.len < WAKE_BATCH
    }

    /// Adds `waker`.
    ///
    /// # Panics
    /// If the batch is full: ask [`has_room`](Self::has_room) first.
    pub fn push(&mut self, waker: Waker) {
        assert!(
            self.has_room(),
            "wake batch full: {WAKE_BATCH} of {WAKE_BATCH} slots used"
        );
        self.wakers[self.len] = Some(waker);
        self.len += 1;
    }

    /// Wakes all in the order they came and empties the batch. Hold no lock here.
    ///
    /// # Panics
    /// If a waker does, after the others were woken; if a second one panics then, the process
    /// aborts.
    pub fn wake_all(&mut self) {
        let len = core::mem::take(&mut self.len);
        let mut rest = Rest(self.wakers.iter_mut().take(len));
        rest.wake();
        // All are woken: nothing is left for the drop.
        core::mem::forget(rest);
    }
}

/// The wakers that are still to be woken; its drop, when one of them unwinds, wakes the others (I2).
struct Rest<'a>(core::iter::Take<core::slice::IterMut<'a, Option<Waker>>>);

impl Rest<'_> {
    #[inline]
    fn wake(&mut self) {
        for slot in &mut self.0 {
            if let Some(waker) = slot.take() {
                waker.wake();
            }
        }
    }
}

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.wake();
    }
}
