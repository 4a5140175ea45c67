//! Wakers gathered under a lock and woken after it.
//!
//! Idea        A waker is foreign code: it may take the very lock under which it was found. So whoever
//!             finds waiters under a lock moves their wakers into a batch, releases the lock, and then
//!             wakes. A waker may also panic: then the others are woken all the same, also those of
//!             further batches of the same operation, and the first panic is resumed when the batch is
//!             dropped, at the end of the operation.
//! Invariants  I1 the first `len` slots hold wakers.
//!             I2 a batch is made before the lock is taken, so that the batch is dropped after the lock is released.
//! Rejected    A `Vec`: the core has no heap. Instead a full batch is woken and the lock is taken again.
//!             To let a panic go on at once: the wakers behind it would never be woken.
#![allow(unsafe_code)]

use core::fmt;
use core::mem::{self, MaybeUninit};
use core::task::Waker;

use crate::platform::{PanicPayload, discard_payload, resume_panic, wake_caught};

/// Wakers that one batch holds.
pub(super) const WAKE_BATCH: usize = 32;

/// The first panic of several wakers; it goes on when this drops.
#[derive(Default)]
pub(crate) struct FirstPanic(Option<PanicPayload>);

impl FirstPanic {
    /// Wakes `waker`, and keeps its panic if it is the first.
    #[inline]
    pub(crate) fn keep(&mut self, waker: Waker) {
        if let Some(payload) = wake_caught(waker) {
            match &self.0 {
                None => self.0 = Some(payload),
                Some(_) => discard_payload(payload),
            }
        }
    }
}

impl Drop for FirstPanic {
    #[inline]
    fn drop(&mut self) {
        if let Some(payload) = self.0.take() {
            resume_panic(payload);
        }
    }
}

/// Runs its closure when it drops: what is to be done also if foreign code panics before it.
#[cfg(feature = "alloc")]
pub(crate) struct FinallyGuard<F: FnMut()>(pub(crate) F);

#[cfg(feature = "alloc")]
impl<F: FnMut()> Drop for FinallyGuard<F> {
    #[inline]
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Wakes each of `wakers`, for which nobody asked who could be notified of a waker's panic: it goes no
/// further. Hold no lock here.
#[inline]
pub fn wake_each(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        if let Some(payload) = wake_caught(waker) {
            discard_payload(payload);
        }
    }
}

/// Up to 32 wakers that wait to be woken.
///
/// # Panics
/// Dropped after a waker panicked, with the first such panic.
#[must_use = "call `wake_all` once the lock is released"]
pub struct WakeBatch {
    wakers: [MaybeUninit<Waker>; WAKE_BATCH],
    len: usize,
    first_panic: FirstPanic,
}

impl Default for WakeBatch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WakeBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeBatch")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl WakeBatch {
    /// A batch without wakers.
    pub const fn new() -> Self {
        Self {
            wakers: [const { MaybeUninit::uninit() }; WAKE_BATCH],
            len: 0,
            first_panic: FirstPanic(None),
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
        self.wakers[self.len].write(waker);
        self.len += 1;
    }

    /// Wakes all in the order they came and empties the batch. Hold no lock here.
    pub fn wake_all(&mut self) {
        let len = mem::take(&mut self.len);
        for slot in self.wakers.iter().take(len) {
            // SAFETY: one of the first `len` (I1), and taken once: `len` is zero now.
            let waker = unsafe { slot.assume_init_read() };
            self.first_panic.keep(waker);
        }
    }
}

impl WakeBatch {
    /// Lets the panic of a waker go no further: nobody called what wakes it.
    pub fn contain(&mut self) {
        if let Some(payload) = self.first_panic.0.take() {
            discard_payload(payload);
        }
    }
}

impl Drop for WakeBatch {
    #[inline]
    fn drop(&mut self) {
        // Nobody's wake is lost, whatever ended the operation.
        if self.len > 0 {
            self.wake_all();
        }
    }
}
