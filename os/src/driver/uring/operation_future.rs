//! The future of one operation on a ring.
#![allow(unsafe_code)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use io_uring::squeue;
use selkie_core::coop;

use super::payload::Payload;
use super::ring::Ring;

/// An operation in flight. CompletionTime this is dropped, the operation goes on and keeps what it owns.
struct OperationFuture {
    ring: Arc<Ring>,
    slot: Option<usize>,
}

impl Ring {
    /// Submits `entry` and waits for it. Returns the outcome as the system reports it, and `payload`. `Err`
    /// with the payload if the ring takes nothing now: then nothing has been done.
    ///
    /// # Safety
    /// All that `entry` points to, and its descriptor, belong to `payload`, and do not move when the box is
    /// moved.
    #[inline]
    pub(crate) async unsafe fn run(
        self: Arc<Self>,
        entry: squeue::Entry,
        payload: Box<dyn Payload>,
    ) -> Result<(i32, Box<dyn Payload>), Box<dyn Payload>> {
        // SAFETY: by the caller's promise.
        let slot = unsafe { self.submit(entry, payload) }?;
        let slot = Some(slot);
        Ok(OperationFuture { ring: self, slot }.await)
    }
}

impl Future for OperationFuture {
    type Output = (i32, Box<dyn Payload>);

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(coop::poll_proceed(cx));
        let slot = self.slot.expect("polled after it was ready");
        let Some((told, payload)) = self.ring.outcome(slot, cx.waker()) else {
            return Poll::Pending;
        };
        self.slot = None;
        unit.made_progress();
        Poll::Ready((told.result, payload))
    }
}

impl Drop for OperationFuture {
    #[inline]
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            // Not cancelled: a write that has begun is completed.
            self.ring.abandon(slot, false);
        }
    }
}
