//! The handles of a channel: senders, weak senders, and the one receiver.
//!
//! Idea        A handle is a counted reference to the [`Chan`], which counts the senders and the weak senders apart.
//!             The bounded and the unbounded channel have the same handles; `COUNT_BITS` says of which
//!             they are. The public types are one handle each, with the methods and the docs of their kind.
//! Invariants  I1 there is one `ReceiverHandle`, so that `&mut` of it is the right to access the receiver's part
//!             of the channel.
//!             I2 `senders` counts the `SenderHandle`s; the channel closes when the last one drops.
//!             I3 `weak_senders` counts the `WeakHandle`s, which keep the memory but not the channel open.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::ops::Deref;
use core::task::{Context, Poll};

use super::chan::{Chan, NoValue};
use super::error::TryRecvError;
use crate::platform::{Arc, Ordering};
use crate::wake::FinallyGuard;

/// The two first handles of a new channel.
pub(super) fn channel<T, const COUNT_BITS: u32>(
    capacity: usize,
) -> (SenderHandle<T, COUNT_BITS>, ReceiverHandle<T, COUNT_BITS>) {
    let chan = Arc::new(Chan::new(capacity));
    (SenderHandle(chan.clone()), ReceiverHandle(chan))
}

impl<T, const COUNT_BITS: u32> Chan<T, COUNT_BITS> {
    /// How many senders there are.
    pub(super) fn strong_count(&self) -> usize {
        // Acquire: a caller that sees a sender gone sees what it sent.
        self.senders.load(Ordering::Acquire)
    }

    /// How many weak senders there are.
    pub(super) fn weak_count(&self) -> usize {
        // Relaxed: a count, nothing hangs on it.
        self.weak_senders.load(Ordering::Relaxed)
    }
}

/// A sender: the channel is open as long as there is one.
pub(super) struct SenderHandle<T, const COUNT_BITS: u32>(Arc<Chan<T, COUNT_BITS>>);

impl<T, const COUNT_BITS: u32> SenderHandle<T, COUNT_BITS> {
    /// A handle that does not keep the channel open.
    pub(super) fn downgrade(&self) -> WeakHandle<T, COUNT_BITS> {
        WeakHandle::new(&self.0)
    }

    /// Whether both are handles of one channel.
    pub(super) fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T, const COUNT_BITS: u32> Deref for SenderHandle<T, COUNT_BITS> {
    type Target = Chan<T, COUNT_BITS>;

    #[inline]
    fn deref(&self) -> &Chan<T, COUNT_BITS> {
        &self.0
    }
}

impl<T, const COUNT_BITS: u32> Clone for SenderHandle<T, COUNT_BITS> {
    fn clone(&self) -> Self {
        // Relaxed: we are a sender, so the count cannot reach zero meanwhile.
        self.senders.fetch_add(1, Ordering::Relaxed);
        Self(self.0.clone())
    }
}

impl<T, const COUNT_BITS: u32> Drop for SenderHandle<T, COUNT_BITS> {
    fn drop(&mut self) {
        // AcqRel: whoever is last has everything behind it that the others sent.
        if self.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            let _woken = FinallyGuard(|| self.receiver.wake_from_drop());
            self.close();
        }
    }
}

/// A handle that can become a sender as long as there is one.
pub(super) struct WeakHandle<T, const COUNT_BITS: u32>(Arc<Chan<T, COUNT_BITS>>);

impl<T, const COUNT_BITS: u32> WeakHandle<T, COUNT_BITS> {
    fn new(chan: &Arc<Chan<T, COUNT_BITS>>) -> Self {
        // Relaxed: a count, nothing hangs on it.
        chan.weak_senders.fetch_add(1, Ordering::Relaxed);
        Self(chan.clone())
    }

    /// A sender, unless the last one is gone.
    pub(super) fn upgrade(&self) -> Option<SenderHandle<T, COUNT_BITS>> {
        // AcqRel: pairs with the Release in the drop of a `SenderHandle`.
        let counted = self
            .senders
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |count| {
                (count > 0).then_some(count + 1)
            });
        counted.is_ok().then(|| SenderHandle(self.0.clone()))
    }
}

impl<T, const COUNT_BITS: u32> Deref for WeakHandle<T, COUNT_BITS> {
    type Target = Chan<T, COUNT_BITS>;

    #[inline]
    fn deref(&self) -> &Chan<T, COUNT_BITS> {
        &self.0
    }
}

impl<T, const COUNT_BITS: u32> Clone for WeakHandle<T, COUNT_BITS> {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

impl<T, const COUNT_BITS: u32> Drop for WeakHandle<T, COUNT_BITS> {
    fn drop(&mut self) {
        // Relaxed: a count, nothing hangs on it.
        self.weak_senders.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The receiver.
pub(super) struct ReceiverHandle<T, const COUNT_BITS: u32>(Arc<Chan<T, COUNT_BITS>>);

impl<T, const COUNT_BITS: u32> ReceiverHandle<T, COUNT_BITS> {
    /// Takes the next value if it is there.
    pub(super) fn try_recv(&mut self) -> Result<T, TryRecvError> {
        // SAFETY: this is the one receiver, borrowed mutably (I1).
        unsafe { self.0.try_recv() }.map_err(|none| match none {
            NoValue::Empty => TryRecvError::Empty,
            NoValue::Finished => TryRecvError::Disconnected,
        })
    }

    /// Takes the next value or waits for it; `None` when finished.
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // SAFETY: this is the one receiver, borrowed mutably (I1).
        unsafe { self.0.poll_recv(cx) }
    }

    /// Takes up to `limit` values or waits for the first; zero when finished, or for limit zero.
    pub(super) fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        // SAFETY: this is the one receiver, borrowed mutably (I1).
        unsafe { self.0.poll_recv_many(cx, buffer, limit) }
    }

    /// How many values wait to be received.
    pub(super) fn len(&self) -> usize {
        // SAFETY: this is the one receiver, which is borrowed: nothing is received meanwhile (I1).
        unsafe { self.0.len() }
    }
}

impl<T, const COUNT_BITS: u32> Deref for ReceiverHandle<T, COUNT_BITS> {
    type Target = Chan<T, COUNT_BITS>;

    #[inline]
    fn deref(&self) -> &Chan<T, COUNT_BITS> {
        &self.0
    }
}

impl<T, const COUNT_BITS: u32> Drop for ReceiverHandle<T, COUNT_BITS> {
    fn drop(&mut self) {
        // SAFETY: the one receiver, which goes.
        unsafe { self.0.receiver_gone() };
    }
}
