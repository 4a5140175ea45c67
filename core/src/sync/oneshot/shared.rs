//! What both sides of a one-value channel share, and who frees it.
//!
//! Idea        The state is one word of flags ([`state`](super::state)). Each side changes the word by one read-modify-write, and
//!             thereby learns what the other side did. Each side has a cell for a waker, which is used
//!             only when that side waits.
//! Invariants  I1 `slot` is written by the sender before SENT, and taken by the receiver after it
//!             saw SENT; a refused sender takes it back.
//!             I2 a waker is looked for only if the flag of its side was set.
//!             I3 TX_GONE and RX_GONE say that a side will not touch the channel again. A side that finds
//!             the other's flag when it sets its own, or before, frees the channel.
//! Rejected    `Lock<Option<T>>`: a lock even when nobody contends. An `Arc`: four more
//!             read-modify-writes to make, share and free the channel.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use super::state::{Side, Snapshot, State};
use crate::platform::UnsafeCell;
use crate::wake::WakerCell;

/// A channel.
pub(super) struct Channel<T> {
    pub(super) state: State,
    slot: UnsafeCell<Option<T>>,
    pub(super) receiver: WakerCell,
    pub(super) sender: WakerCell,
}

// SAFETY: the flags give the slot to one side at a time (I1).
unsafe impl<T: Send> Send for Channel<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Channel<T> {}

impl<T> Channel<T> {
    /// Writes the slot.
    ///
    /// # Safety
    /// The caller is the sender and has not published the slot (I1).
    pub(super) unsafe fn put(&self, value: T) {
        self.slot.with_mut(|slot| {
            // SAFETY: the slot is the caller's.
            unsafe { *slot = Some(value) }
        });
    }

    /// Takes what is in the slot.
    ///
    /// # Safety
    /// The caller saw SENT as the receiver, or was refused as the sender (I1).
    pub(super) unsafe fn take(&self) -> Option<T> {
        self.slot.with_mut(|slot| {
            // SAFETY: the slot is the caller's.
            unsafe { &mut *slot }.take()
        })
    }

    /// Marks the channel closed and wakes the sender; returns the word before.
    pub(super) fn close_from_receiver(&self) -> Snapshot {
        let before = self.state.close();
        if before.is_open() && before.sender_waits() {
            self.sender.wake_from_drop();
        }
        before
    }
}

/// One side's share of the channel. It is given up by [`leave`](Self::leave) or
/// [`left`](Self::left), not by dropping it.
pub(super) struct Share<T>(NonNull<Channel<T>>);

// SAFETY: the value goes from one thread to another, and the flags order it (I1).
unsafe impl<T: Send> Send for Share<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Share<T> {}

impl<T> Share<T> {
    /// The shares of the two sides of a new channel.
    pub(super) fn pair() -> (Self, Self) {
        let channel = NonNull::from(Box::leak(Box::new(Channel {
            state: State::new(),
            slot: UnsafeCell::new(None),
            receiver: WakerCell::new(),
            sender: WakerCell::new(),
        })));
        (Self(channel), Self(channel))
    }

    /// Gives up the share of `side`.
    pub(super) fn leave(self, side: Side) {
        let before = self.state.leave(side);
        self.left(before, side);
    }

    /// Ends the share of `side` after it said that it is gone, or when the other had said so; `seen`
    /// is the word before.
    pub(super) fn left(self, seen: Snapshot, side: Side) {
        if seen.is_other_gone(side) {
            // SAFETY: made by `Box` in `pair`; both sides are gone (I3).
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

impl<T> Deref for Share<T> {
    type Target = Channel<T>;

    #[inline]
    fn deref(&self) -> &Channel<T> {
        // SAFETY: the channel lives until both sides are gone, and this one is not (I3).
        unsafe { self.0.as_ref() }
    }
}

/// A share that `side` gives up, also if a waker panics that it wakes before.
pub(super) struct ShareGuard<T> {
    share: Share<T>,
    side: Side,
}

impl<T> ShareGuard<T> {
    #[inline]
    pub(super) const fn new(share: Share<T>, side: Side) -> Self {
        Self { share, side }
    }

    /// The share, to be given up by the caller.
    #[inline]
    pub(super) fn into_share(self) -> Share<T> {
        Share(ManuallyDrop::new(self).share.0)
    }
}

impl<T> Deref for ShareGuard<T> {
    type Target = Channel<T>;

    #[inline]
    fn deref(&self) -> &Channel<T> {
        &self.share
    }
}

impl<T> Drop for ShareGuard<T> {
    #[inline]
    fn drop(&mut self) {
        Share(self.share.0).leave(self.side);
    }
}
