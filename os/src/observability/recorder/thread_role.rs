//! For which worker the calling thread writes events, and on whose behalf it wakes tasks.
//!
//! Idea        A thread that polls or parks for a worker of a recorded runtime says so here, so that a wake finds the worker's ring
//!             without asking the scheduler. The number of the recorder tells which runtime it is. The driver counts
//!             here what the system has reported: it knows neither worker nor recorder.
//! States      no worker → worker `w` of recorder `r` → no worker
//! Invariants  I1 a thread is in a role only while it has that worker: it leaves the role before it hands the worker off.
//!             I2 roles do not nest: whoever finds a role leaves it alone, and its events count as from outside.

use std::cell::Cell;
use std::num::NonZeroU64;

use super::event::WakeCause;

/// The number of a recorder; no other of the process has it.
pub(super) type RecorderNumber = NonZeroU64;

/// What a thread is for a recorder.
struct Role {
    recorder: Cell<Option<RecorderNumber>>,
    worker: Cell<u32>,
    cause: Cell<WakeCause>,
    /// Events of the poller, and completions of rings, since somebody has asked.
    events: Cell<u32>,
    completions: Cell<u32>,
}

thread_local! {
    static ROLE: Role = const {
        Role {
            recorder: Cell::new(None),
            worker: Cell::new(0),
            cause: Cell::new(WakeCause::Caller),
            events: Cell::new(0),
            completions: Cell::new(0),
        }
    };
}

/// The thread has worker `worker`; `false`: it is in a role already (I2).
#[inline]
pub(super) fn enter(recorder: RecorderNumber, worker: usize) -> bool {
    ROLE.with(|role| {
        if role.recorder.get().is_some() {
            return false;
        }
        role.recorder.set(Some(recorder));
        role.worker.set(worker as u32);
        true
    })
}

/// The thread is about to lose its worker, or has nothing to do for it at the moment. Returns whether it was in the role.
#[inline]
pub(super) fn leave(recorder: RecorderNumber) -> bool {
    ROLE.with(|role| {
        let is_in = role.recorder.get() == Some(recorder);
        if is_in {
            role.recorder.set(None);
        }
        is_in
    })
}

/// The worker of this recorder that the thread has, if it is in that role.
#[inline]
pub(super) fn worker(recorder: RecorderNumber) -> Option<usize> {
    let of_role =
        |role: &Role| (role.recorder.get() == Some(recorder)).then(|| role.worker.get() as usize);
    // A thread that ends wakes tasks from outside.
    ROLE.try_with(of_role).ok().flatten()
}

/// On whose behalf the thread wakes tasks from now on; returns on whose it did.
pub(super) fn set_cause(cause: WakeCause) -> WakeCause {
    ROLE.with(|role| role.cause.replace(cause))
}

/// On whose behalf the thread wakes tasks.
#[inline]
pub(super) fn cause() -> WakeCause {
    let cause = ROLE.try_with(|role| role.cause.get());
    cause.unwrap_or(WakeCause::Caller)
}

/// The thread has dispatched `more` events of a poller.
pub(crate) fn count_events(more: u64) {
    ROLE.with(|role| role.events.set(role.events.get().wrapping_add(more as u32)));
}

/// The thread has taken `more` completions of a ring.
#[allow(dead_code, reason = "rings are Linux's")]
pub(crate) fn count_completions(more: u64) {
    let add = |role: &Role| {
        role.completions
            .set(role.completions.get().wrapping_add(more as u32))
    };
    // A thread that ends may take them.
    let _gone = ROLE.try_with(add);
}

/// The events and completions that the thread has counted since the last call.
pub(super) fn take_counts() -> (u32, u32) {
    ROLE.with(|role| (role.events.take(), role.completions.take()))
}
