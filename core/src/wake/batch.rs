//! Wakers gathered under a lock and woken after it.
//!
//! Idea        A waker is foreign code: it may take the very lock that its finder holds. So whoever
//!             finds waiters under a lock moves their wakers here, lets the lock go, then wakes.
//! Invariants  I1 the first `len` slots hold wakers, the others nothing.
//!             I2 every waker is woken, also when one before it panics; the first panic goes on when the
//!             batch is dropped, so that whoever fills it again and again comes to its last waiter.
//! Rejected    A `Vec`: the core has no heap; a full batch is woken and the lock taken again.

use core::task::Waker;

use crate::platform::FirstPanic;

/// Wakers that one batch holds.
pub(super) const WAKE_BATCH: usize = 32;

/// Up to 32 wakers that wait to be woken.
#[derive(Debug)]
#[must_use = "call `wake_all` once the lock is released"]
pub struct WakeBatch {
    wakers: [Option<Waker>; WAKE_BATCH],
    len: usize,
    panic: FirstPanic,
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
            panic: FirstPanic::new(),
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
    /// A panic of one waker goes on when the batch is dropped (I2).
    pub fn wake_all(&mut self) {
        let len = core::mem::take(&mut self.len);
        let mut slots = self.wakers.iter_mut().take(len);
        // One catch for all, unless one panics.
        while !self.panic.run(|| {
            for slot in slots.by_ref() {
                if let Some(waker) = slot.take() {
                    waker.wake();
                }
            }
        }) {}
    }

    /// Lets a panic of a waker go no further: nobody called what wakes it.
    pub fn contain(&mut self) {
        self.panic.discard();
    }
}
