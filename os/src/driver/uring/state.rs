//! What a ring keeps under its lock.
//!
//! Invariants  I1 an entry in `unsubmitted` belongs to a slot of `operations`, until its last completion.
//!             I2 once the ring is broken nothing is taken from `unsubmitted`: the system never sees what it did
//!                not take.
#![allow(unsafe_code)]

use std::sync::Arc;

use io_uring::{opcode, squeue};

use super::buffer_waiters::BufferWaiters;
use super::operations::{AfterUnlock, OperationKind, Operations};
use super::payload::{Completion, Payload};

/// Marks user data that belongs to no operation: cancellations, and drains with their numbers (see `overflow`).
pub(super) const NOT_AN_OPERATION: u64 = 1 << 63;
/// The user data of cancellations, which nobody waits for.
pub(super) const CANCELLATION: u64 = u64::MAX;

/// The completions that the system has lost.
#[derive(Debug, Default)]
pub(super) struct OverflowState {
    /// PlannedOutcome many there are so far, as the system counts them.
    pub(super) dropped: u32,
    /// The number of the last drain that was submitted (the first is 1), and of the last that completed.
    pub(super) begun: u32,
    pub(super) over: u32,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) operations: Operations,
    /// Entries that have not been submitted to the system.
    pub(super) unsubmitted: Vec<squeue::Entry>,
    /// Slots of operations that the system will never see, and whose callers have to get an outcome.
    pub(super) never_submitted: Vec<usize>,
    /// The groups of provided buffers, with the tasks that wait for a buffer of each.
    pub(super) groups: Vec<Option<Arc<BufferWaiters>>>,
    /// Whether nothing is submitted any more (I2), or the runtime has shut down.
    pub(super) is_closed: bool,
    pub(super) is_broken: bool,
    /// Whether the system takes nothing for now, and a thread retries: see `submission`.
    pub(super) is_backing_off: bool,
    /// Whether the runtime has shut down: an operation that gives no memory back then ends at once for whoever
    /// waits for it.
    pub(super) has_ended: bool,
    /// Whether a background thread waits for what was in flight when the runtime shut down.
    pub(super) has_background_wait: bool,
    /// Whether the completion queue was full: the system may keep more completions.
    pub(super) was_full: bool,
    /// Whether a cancellation or a drain was queued by the ring itself, which has to submit it.
    pub(super) must_submit: bool,
    pub(super) losses: OverflowState,
}

impl State {
    /// Queues `entry` for submission.
    ///
    /// # Safety
    /// As for `Ring::submit`.
    #[inline]
    pub(super) unsafe fn push(
        &mut self,
        kind: OperationKind,
        entry: squeue::Entry,
        payload: Box<dyn Payload>,
    ) -> Result<usize, Box<dyn Payload>> {
        let is_delayed = self.is_backing_off || self.losses.over != self.losses.begun;
        let must_wait = is_delayed && kind == OperationKind::File;
        if self.is_closed || must_wait || self.operations.is_full(kind) {
            return Err(payload);
        }
        let index = self.operations.start(kind, payload);
        self.unsubmitted.push(entry.user_data(index as u64));
        Ok(index)
    }

    #[inline]
    pub(super) fn cancel(&mut self, index: usize) {
        let cancel = opcode::AsyncCancel::new(index as u64).build();
        self.unsubmitted.push(cancel.user_data(CANCELLATION));
    }

    #[inline]
    pub(super) fn deliver(
        &mut self,
        index: usize,
        completion: Completion,
        after: &mut AfterUnlock,
    ) {
        if self.operations.deliver(index, completion, after) {
            self.must_submit = true;
            self.cancel(index);
        }
    }

    /// Fails these operations, which the system will never see (I2).
    #[inline]
    pub(super) fn fail_unsubmitted(
        &mut self,
        never_submitted: impl Iterator<Item = squeue::Entry>,
    ) {
        self.is_closed = true;
        self.is_broken = true;
        let user_data = never_submitted.map(|entry| entry.get_user_data());
        let slots = user_data.filter(|&user_data| user_data & NOT_AN_OPERATION == 0);
        self.never_submitted.extend(slots.map(|slot| slot as usize));
    }
}
