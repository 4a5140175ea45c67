//! One operation that goes on, and is begun anew when the system ends it.
//!
//! Idea        The operation follows its task: it wakes the thread that began it, even if another sleeps
//!             in the reactor and will run the task. So once several completions in a row were taken on
//!             another worker than its ring's, it is ended, to be begun anew there.
//! States      idle ─begin→ under way ─the last completion→ idle
//! Invariants  I1 an operation that is under way when this drops is cancelled; what it tells later
//!                goes with what it owns.
//!             I2 only an operation that is on the ring of the thread that began it follows: if a worker has
//!                none, it would be ended again and again.
#![allow(unsafe_code)]

use std::io;
use std::sync::Arc;
use std::task::Context;

use io_uring::squeue;

use super::attached::{Attached, submit};
use crate::driver::{Completion, Kind, Payload, Ring, Told};

/// Completions in a row on another worker after which an operation follows.
const FOLLOWS_AFTER: u32 = 16;

#[derive(Debug, Default)]
pub(super) struct Line {
    /// The operation, if it is under way, and its ring: the one of the thread that began it, as a rule.
    operation: Option<(Arc<Ring>, usize)>,
    /// I2.
    follows: bool,
    /// How many completions in a row were taken on another worker.
    elsewhere: u32,
}

/// What a look at a line came to.
pub(super) enum Look {
    Told(Completion),
    /// The operation has ended, and may be begun anew.
    Idle,
    Pending,
    /// The operation is under way, and its runtime has ended.
    Ended(io::Error),
}

impl Line {
    pub(super) fn is_idle(&self) -> bool {
        self.operation.is_none()
    }

    /// Begins an operation on `ring`.
    ///
    /// # Errors
    /// If the runtime has shut down, or too many are under way.
    ///
    /// # Safety
    /// As for [`Ring::queue`](crate::driver::Ring::queue).
    pub(super) unsafe fn begin(
        &mut self,
        attached: &Attached,
        ring: Arc<Ring>,
        entry: squeue::Entry,
        payload: Box<dyn Payload>,
    ) -> io::Result<()> {
        // SAFETY: by the caller's promise.
        match unsafe { ring.queue(entry, payload, Kind::SocketSeveral) } {
            Ok(slot) => {
                self.follows = !attached.is_elsewhere(&ring);
                self.elsewhere = 0;
                let (ring, _slot) = self.operation.insert((ring, slot));
                submit(ring);
                Ok(())
            }
            Err(_) => Err(ring.refusal()),
        }
    }

    /// What is next; if it is nothing yet, the waker of `cx` waits for it.
    pub(super) fn look(&mut self, attached: &Attached, cx: &Context<'_>) -> Look {
        let Some((ring, slot)) = &self.operation else {
            return Look::Idle;
        };
        match ring.next(*slot, cx.waker()) {
            Told::Completion(told) => {
                self.follow(attached);
                Look::Told(told)
            }
            Told::Nothing => Look::Pending,
            Told::Ended => Look::Ended(ring.refusal()),
            Told::Over(_payload) => {
                self.operation = None;
                Look::Idle
            }
        }
    }

    /// Ends the operation if its task has moved to another worker for long.
    fn follow(&mut self, attached: &Attached) {
        let Some((ring, slot)) = &self.operation else {
            return;
        };
        if !self.follows || !attached.is_elsewhere(ring) {
            self.elsewhere = 0;
            return;
        }
        self.elsewhere += 1;
        if self.elsewhere == FOLLOWS_AFTER {
            ring.stop(*slot);
            submit(ring);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some((ring, slot)) = &self.operation {
            ring.abandon(*slot, true);
            submit(ring);
        }
    }
}
