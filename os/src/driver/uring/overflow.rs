//! Completions that the system could not keep.
//!
//! Idea        If the completion queue has no room and the system no memory, it drops a completion, counts it, and
//!             reports that once (`EBADR`). It does not say which operation the completion was for, nor that it is
//!             done with the memory of that operation. So every operation in flight is then suspected, those that
//!             may wait for long (sockets) are cancelled, and a drain is submitted: an entry that the system begins
//!             when all before it have completed (`IOSQE_IO_DRAIN`). CompletionTime the drain has completed, the completions
//!             of the suspected operations that have not ended were lost, and those operations end with `EBADR`.
//!             Operations that were cancelled for this are restarted by their callers. A multishot operation may
//!             have lost any of its completions, and reports the loss at once, before the completions that came
//!             later: bytes may be missing.
//! States      of the ring: intact ─a loss→ draining ─the completion of the last drain→ intact
//! Invariants  I1 an operation is reported lost by a drain that was submitted after it was suspected: the system
//!                touches its memory no more.
//!             I2 each loss has a drain of its own, also a loss while draining, since the completion of a drain may
//!                be lost.
//!             I3 a completion that came after a lost one is reported after the loss: there is no room for it until
//!                completions are taken, and the count of dropped completions is read before.
//!             I4 a zero-copy send is not reported lost, since a drain does not wait for its notification: it keeps
//!                its memory until the notification, or is leaked.
//! Rejected    To find out whether each operation is there, by cancelling it: an operation that waits for a page of
//!             a file is not found, and writes to memory later. To count what is lost and what is in flight: a
//!             multishot operation may lose one completion and go on. To close the ring: its runtime could use no
//!             other.

use std::io;

use io_uring::{opcode, squeue};

use super::operations::AfterUnlock;
use super::payload::{Completion, LOST};
use super::state::{NOT_AN_OPERATION, State};

/// The error that the outcome `-errno` of an operation means.
#[inline]
pub(crate) fn outcome_error(errno: i32) -> io::Error {
    if errno == -LOST {
        return io::Error::other(
            "io_uring: the system has lost the outcome of this operation, which may have been done",
        );
    }
    io::Error::from_raw_os_error(errno)
}

impl State {
    /// Called when the system reports that it has dropped `dropped` completions so far.
    #[cold]
    #[inline]
    pub(super) fn lose(&mut self, dropped: u32, after: &mut AfterUnlock) {
        self.losses.dropped = dropped;
        if self.is_broken {
            return;
        }
        self.losses.begun += 1;
        let drain = self.losses.begun;
        for index in self.operations.suspect(drain, after) {
            self.cancel(index);
        }
        let entry = opcode::Nop::new().build().flags(squeue::Flags::IO_DRAIN);
        let user_data = NOT_AN_OPERATION | u64::from(drain);
        self.unsubmitted.push(entry.user_data(user_data)); // I2
        self.must_submit = true;
    }

    /// Called for a completion that belongs to no operation.
    #[inline]
    pub(super) fn complete_other(&mut self, user_data: u64, after: &mut AfterUnlock) {
        let Ok(drain) = u32::try_from(user_data & !NOT_AN_OPERATION) else {
            return; // A cancellation, which nobody waits for.
        };
        for index in self.operations.lost_by(drain) {
            self.deliver(index, Completion::new(LOST, 0), after); // I1
        }
        self.losses.over = self.losses.over.max(drain);
    }
}
