//! The future of one among any number of waiters for a source.
//!
//! States      new ─not ready→ queued ─woken→ new; dropped from each
//! Invariants  I1 a node is linked only while its `Readiness` is pinned, and is taken out in `Drop`.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, ready};

use selkie_core::raw::coop;

use super::slot::{ReadyEvent, Slot};
use super::waiters::Waiter;
use crate::async_io::{Interest, Ready};

/// Waits until a slot is ready; other waiters may wait for the same slot.
#[derive(Debug)]
pub(super) struct Readiness<'a> {
    slot: &'a Slot,
    interest: Interest,
    queued: bool,
    node: UnsafeCell<Waiter>,
    _pinned: PhantomPinned,
}

// SAFETY: while the node is linked it is touched under the lock of the slot only (I1), and otherwise by the
// owner of the future.
unsafe impl Send for Readiness<'_> {}
// SAFETY: a shared reference gives access to nothing.
unsafe impl Sync for Readiness<'_> {}

impl<'a> Readiness<'a> {
    pub(super) fn new(slot: &'a Slot, interest: Interest) -> Self {
        let node = UnsafeCell::new(Waiter::new(interest));
        Self {
            slot,
            interest,
            queued: false,
            node,
            _pinned: PhantomPinned,
        }
    }

    fn node(&self) -> NonNull<Waiter> {
        // SAFETY: a cell's content is not at address zero.
        unsafe { NonNull::new_unchecked(self.node.get()) }
    }
}

impl Future for Readiness<'_> {
    type Output = ReadyEvent;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ReadyEvent> {
        ready!(coop::poll_leaf(cx));
        // SAFETY: nothing is moved out; the node stays where it is.
        let this = unsafe { self.get_unchecked_mut() };
        let mask: Ready = this.interest.mask();
        if this.queued {
            // SAFETY: the node was queued on this slot and lives in `this`.
            if !unsafe { this.slot.was_woken(this.node(), cx.waker()) } {
                return Poll::Pending;
            }
            this.queued = false;
        }
        if let Some(event) = this.slot.ready_now(mask) {
            return Poll::Ready(event);
        }
        // SAFETY: pinned, in no list, and `Drop` takes it out (I1).
        match unsafe { this.slot.enqueue(this.node(), cx.waker()) } {
            Some(event) => Poll::Ready(event),
            None => {
                this.queued = true;
                Poll::Pending
            }
        }
    }
}

impl Drop for Readiness<'_> {
    fn drop(&mut self) {
        if self.queued {
            // SAFETY: the node was queued on this slot and is alive.
            unsafe { self.slot.dequeue(self.node()) };
        }
    }
}
