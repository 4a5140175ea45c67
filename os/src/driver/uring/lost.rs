//! Completions that the system could not keep.
//!
//! Idea        If the queue of completions has no room and the system no memory, it drops a completion, counts it, and
//!             says so once (`EBADR`). It does not say whose it was, nor that it is done with that operation's
//!             memory. So everything that is under way then is suspected, what may wait for long (sockets) is cancelled,
//!             and an entry follows that the system begins when all before it has completed (`IOSQE_IO_DRAIN`). When that
//!             entry's completion has come, those of the suspected that have not ended were lost: they end by `EBADR`.
//!             Those that were cancelled for it are begun anew by who waits for them. An operation with several completions
//!             may have lost any of them, and is told so at once, before what came after: bytes may be missing.
//! States      of the ring: whole ─a loss→ draining ─the last drain's completion→ whole
//! Invariants  I1 an operation is told to be lost by a drain that was submitted after it was suspected: the system
//!                touches its memory no more.
//!             I2 each loss has a drain of its own, also one while draining: the drain's completion may be lost.
//!             I3 what has come after a completion that was lost is told after the loss: there is no room for it until
//!                completions are taken, and the system's count is looked at before.
//!             I4 a send from where it lies is not told to be lost, since its notice is not waited for by a drain: it
//!                keeps its memory until the notice, or for good.
//! Rejected    To ask for each operation whether it is there, by cancelling it: what waits for a page of a file is not
//!             found, and writes to memory later. To count what is lost and what is under way: an operation with
//!             several completions may lose one and go on. To end the ring: its runtime could use no other.

use std::io;

use io_uring::{opcode, squeue};

use super::operations::After;
use super::payload::{Completion, LOST};
use super::state::{NOT_AN_OPERATION, State};

/// What the outcome `-errno` of an operation means.
pub(crate) fn outcome_error(errno: i32) -> io::Error {
    if errno == -LOST {
        return io::Error::other(
            "io_uring: the system has lost the outcome of this operation, which may have been done",
        );
    }
    io::Error::from_raw_os_error(errno)
}

impl State {
    /// The system says how many completions it has dropped so far.
    #[cold]
    pub(super) fn lose(&mut self, dropped: u32, after: &mut After) {
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
        let called = NOT_AN_OPERATION | u64::from(drain);
        self.line.push(entry.user_data(called)); // I2
        self.has_stopped = true;
    }

    /// Something that is no operation's has completed.
    pub(super) fn complete_other(&mut self, called: u64, after: &mut After) {
        let Ok(drain) = u32::try_from(called & !NOT_AN_OPERATION) else {
            return; // A cancellation, for which nobody waits.
        };
        for index in self.operations.lost_by(drain) {
            self.deliver(index, Completion::new(LOST, 0), after); // I1
        }
        self.losses.over = self.losses.over.max(drain);
    }
}
