//! A multishot operation, which is restarted when the system ends it.
//!
//! Idea        The operation follows its task. A completion wakes the thread that submitted the operation, even if
//!             another thread sleeps in the reactor and will run the task. So when several completions in a row
//!             were taken on a worker other than that of the ring, the operation is cancelled, to be restarted on
//!             the ring of that worker.
//! States      idle ─begin→ in flight ─the last completion→ idle
//! Invariants  I1 an operation that is in flight when this is dropped is cancelled; resources of its later
//!                completions are dropped with what it owns.
//!             I2 only an operation on the ring of the thread that submitted it follows its task: for a worker that
//!                has no ring it would be cancelled again and again.
#![allow(unsafe_code)]

use std::io;
use std::sync::Arc;
use std::task::Context;

use io_uring::squeue;

use super::runtime_rings::{RuntimeRings, submit_unless_own};
use crate::driver::{Completion, OperationKind, OperationStatus, Payload, Ring};

/// After how many completions in a row on another worker the operation moves there.
const FOLLOWS_AFTER: u32 = 16;

#[derive(Debug, Default)]
pub(super) struct Multishot {
    /// The operation, if it is in flight, and its ring: that of the thread that submitted it, as a rule.
    operation: Option<(Arc<Ring>, usize)>,
    /// Whether the operation follows its task (I2).
    follows: bool,
    /// How many completions in a row were taken on another worker.
    on_other_worker: u32,
}

/// What `poll_next` finds.
pub(super) enum MultishotStatus {
    Completion(Completion),
    /// The operation has ended, and may be restarted.
    Idle,
    Pending,
    /// The operation is in flight, and its runtime has shut down.
    RuntimeEnded(io::Error),
}

impl Multishot {
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.operation.is_none()
    }

    /// Submits an operation to `ring`.
    ///
    /// # Safety
    /// As for [`Ring::queue`](crate::driver::Ring::queue).
    ///
    /// # Errors
    /// If the runtime has shut down, or too many operations are in flight.
    #[inline]
    pub(super) unsafe fn begin(
        &mut self,
        rings: &RuntimeRings,
        ring: Arc<Ring>,
        entry: squeue::Entry,
        payload: Box<dyn Payload>,
    ) -> io::Result<()> {
        // SAFETY: by the caller's promise.
        match unsafe { ring.queue(entry, payload, OperationKind::SocketMultishot) } {
            Ok(slot) => {
                self.follows = !rings.is_other_worker(&ring);
                self.on_other_worker = 0;
                let (ring, _slot) = self.operation.insert((ring, slot));
                submit_unless_own(ring);
                Ok(())
            }
            Err(_) => Err(ring.refusal()),
        }
    }

    /// The next completion. If there is none yet, the waker of `cx` waits for it.
    #[inline]
    pub(super) fn poll_next(&mut self, rings: &RuntimeRings, cx: &Context<'_>) -> MultishotStatus {
        let Some((ring, slot)) = &self.operation else {
            return MultishotStatus::Idle;
        };
        match ring.next(*slot, cx.waker()) {
            OperationStatus::Completion(completion) => {
                self.follow(rings);
                MultishotStatus::Completion(completion)
            }
            OperationStatus::Pending => MultishotStatus::Pending,
            OperationStatus::RuntimeEnded => MultishotStatus::RuntimeEnded(ring.refusal()),
            OperationStatus::Finished(_payload) => {
                self.operation = None;
                MultishotStatus::Idle
            }
        }
    }

    /// Cancels the operation if its task has been running on another worker for long.
    #[inline]
    fn follow(&mut self, rings: &RuntimeRings) {
        let Some((ring, slot)) = &self.operation else {
            return;
        };
        if !self.follows || !rings.is_other_worker(ring) {
            self.on_other_worker = 0;
            return;
        }
        self.on_other_worker += 1;
        if self.on_other_worker == FOLLOWS_AFTER {
            ring.cancel(*slot);
            submit_unless_own(ring);
        }
    }
}

impl Drop for Multishot {
    #[inline]
    fn drop(&mut self) {
        if let Some((ring, slot)) = &self.operation {
            ring.abandon(*slot, true);
            submit_unless_own(ring);
        }
    }
}
