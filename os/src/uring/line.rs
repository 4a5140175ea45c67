//! One operation that goes on, and is begun anew when the system ends it.
//!
//! States      idle ─begin→ under way ─the last completion→ idle
//! Invariants  I1 an operation that is under way when this drops is cancelled; what it tells later
//!                goes with what it owns.
#![allow(unsafe_code)]

use std::io;
use std::sync::Arc;
use std::task::Context;

use io_uring::squeue;

use super::attached::submit;
use crate::driver::{Completion, Payload, Ring};

#[derive(Debug, Default)]
pub(super) struct Line {
    /// The operation, if it is under way, and its ring: the one of the thread that began it.
    operation: Option<(Arc<Ring>, usize)>,
}

/// What a look at a line came to.
pub(super) enum Look {
    Told(Completion),
    /// The operation has ended, and may be begun anew.
    Idle,
    Pending,
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
        ring: Arc<Ring>,
        entry: squeue::Entry,
        payload: Box<dyn Payload>,
    ) -> io::Result<()> {
        // SAFETY: by the caller's promise.
        match unsafe { ring.queue(entry, payload, false) } {
            Ok(slot) => {
                let (ring, _slot) = self.operation.insert((ring, slot));
                submit(ring);
                Ok(())
            }
            Err(_) => Err(ring.refusal()),
        }
    }

    /// What is next; if it is nothing yet, the waker of `cx` waits for it.
    pub(super) fn look(&mut self, cx: &Context<'_>) -> Look {
        let Some((ring, slot)) = &self.operation else {
            return Look::Idle;
        };
        match ring.next(*slot, cx.waker()) {
            Ok(Some(told)) => Look::Told(told),
            Ok(None) => Look::Pending,
            Err(_payload) => {
                self.operation = None;
                Look::Idle
            }
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
