//! For which worker the calling thread works, what it polls, and on whose behalf it wakes tasks.
//!
//! Idea        A thread that polls or parks for a worker of an observed runtime says so here, so that a wake finds the worker's ring
//!             of events, and the end of a task its poll, without asking the scheduler. The number of the table of probes
//!             tells which runtime it is. The driver counts here what the system has reported: it knows neither worker nor table.
//! States      no worker → worker `w` of runtime `r` → no worker
//! Invariants  I1 a thread is in a role only while it has that worker: it leaves the role before it hands the worker off.
//!             I2 roles do not nest: whoever finds a role leaves it alone, and is seen as from outside.

use std::cell::Cell;
use std::num::NonZeroU64;

use selkie_core::raw::platform::{Ordering, PlainU64};
use selkie_core::task::Id;

/// On whose behalf a worker wakes tasks, or looks around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WakeCause {
    /// A task or, without one, a future in `block_on` or a thread of the program's.
    Caller,
    /// The driver has reported that a source is ready.
    Readiness,
    /// A ring has completed an operation.
    Completion,
    /// A timer has fired.
    Timer,
}

/// The number of a table of probes; no other of the process has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProbesNumber(NonZeroU64);

impl ProbesNumber {
    /// The next number.
    pub(super) fn next() -> Self {
        static NEXT: PlainU64 = PlainU64::new(1);
        // Relaxed: only the sum matters.
        Self(NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU64::MAX))
    }
}

/// What a thread is for a runtime.
struct Role {
    probes: Cell<Option<ProbesNumber>>,
    worker: Cell<u32>,
    /// The task that is polled, or 0, and since when.
    task: Cell<u64>,
    begun: Cell<u64>,
    cause: Cell<WakeCause>,
    /// Events of the poller, and completions of rings, since somebody has asked.
    events: Cell<u32>,
    completions: Cell<u32>,
}

thread_local! {
    static ROLE: Role = const {
        Role {
            probes: Cell::new(None),
            worker: Cell::new(0),
            task: Cell::new(0),
            begun: Cell::new(0),
            cause: Cell::new(WakeCause::Caller),
            events: Cell::new(0),
            completions: Cell::new(0),
        }
    };
}

/// The thread has worker `worker`, and polls `task`, or 0, from `begun` on; `false`: it is in a role already (I2).
#[inline]
pub(super) fn enter(probes: ProbesNumber, worker: usize, task: u64, begun: u64) -> bool {
    ROLE.with(|role| {
        if role.probes.get().is_some() {
            return false;
        }
        role.probes.set(Some(probes));
        role.worker.set(worker as u32);
        role.task.set(task);
        role.begun.set(begun);
        true
    })
}

/// The thread is about to lose its worker, or has nothing to do for it at the moment. Returns whether it was in the role.
#[inline]
pub(super) fn leave(probes: ProbesNumber) -> bool {
    ROLE.with(|role| {
        let is_in = role.probes.get() == Some(probes);
        if is_in {
            role.probes.set(None);
        }
        is_in
    })
}

/// The worker of this runtime that the thread has, if it is in that role.
#[inline]
pub(super) fn worker(probes: ProbesNumber) -> Option<usize> {
    let of_role =
        |role: &Role| (role.probes.get() == Some(probes)).then(|| role.worker.get() as usize);
    // A thread that ends wakes tasks from outside.
    ROLE.try_with(of_role).ok().flatten()
}

/// Since when the thread polls the task `id` of this runtime, if it does.
#[inline]
pub(super) fn poll_of(probes: ProbesNumber, id: Id) -> Option<u64> {
    let of_role = |role: &Role| {
        let is_in = role.probes.get() == Some(probes) && role.task.get() == id.as_u64();
        is_in.then(|| role.begun.get())
    };
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
#[allow(dead_code, reason = "not every build has a driver")]
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
