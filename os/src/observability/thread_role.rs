//! For which worker the calling thread works, what it polls, and on whose behalf it wakes tasks.
//!
//! Idea        A thread that polls or parks for a worker of an observed runtime says so here, so that a wake finds the worker's ring
//!             of events, and the end of a task its poll, without asking the scheduler. The number of the table of probes
//!             tells which runtime it is. The driver counts here what the system has reported: it knows neither worker nor table.
//!             It says when it dispatches a batch, too: the wakes of one have one moment, which the first of them looks up.
//! States      no worker → worker `w` of runtime `r` → no worker
//! Invariants  I1 a thread is in a role only while it has that worker: it leaves the role before it hands the worker off.
//!             I2 roles do not nest: whoever finds a role leaves it alone, and is seen as from outside.
//!             I3 tasks are not polled within a batch.

use std::cell::Cell;
use std::marker::PhantomData;

use selkie_core::raw::platform::{Ordering, PlainU64};

use crate::sys::TickClock;

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

/// Bits of a worker's number in a role.
const WORKER_BITS: u32 = 24;
const WORKER: u64 = (1 << WORKER_BITS) - 1;

/// The number of a table of probes, above the bits of a worker's; no other of the process has it, and none has 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProbesNumber(u64);

impl ProbesNumber {
    /// The next number.
    pub(super) fn next() -> Self {
        static NEXT: PlainU64 = PlainU64::new(1);
        // Relaxed: only the sum matters.
        Self(NEXT.fetch_add(1, Ordering::Relaxed) << WORKER_BITS)
    }

    /// The worker that `role` is, if it is one of this runtime.
    #[inline]
    fn worker(self, role: u64) -> Option<usize> {
        (role & !WORKER == self.0).then_some((role & WORKER) as usize)
    }
}

/// What a thread is for a runtime.
struct Role {
    /// The number of the table of probes, and of the worker; 0 in no role.
    worker: Cell<u64>,
    cause: Cell<WakeCause>,
    /// Events of the poller, and completions of rings, since somebody has asked.
    events: Cell<u32>,
    completions: Cell<u32>,
    /// The moment of the batch that the thread dispatches: [`NO_BATCH`], [`NOT_READ`], or its ticks.
    batch: Cell<u64>,
}

/// The thread dispatches nothing.
const NO_BATCH: u64 = 0;
/// Nothing of the batch has been noted yet.
const NOT_READ: u64 = 1;

thread_local! {
    static ROLE: Role = const {
        Role {
            worker: Cell::new(0),
            cause: Cell::new(WakeCause::Caller),
            events: Cell::new(0),
            completions: Cell::new(0),
            batch: Cell::new(NO_BATCH),
        }
    };
}

/// The thread has worker `worker`, and works for it from now on; `false`: it is in a role already (I2).
#[inline]
pub(super) fn enter(probes: ProbesNumber, worker: usize) -> bool {
    debug_assert!(worker as u64 <= WORKER);
    ROLE.with(|role| {
        let is_free = role.worker.get() == 0;
        if is_free {
            role.worker.set(probes.0 | worker as u64);
        }
        is_free
    })
}

/// The thread is about to lose its worker, or has nothing to do for it at the moment. Returns whether it was in the role.
#[inline]
pub(super) fn leave(probes: ProbesNumber) -> bool {
    ROLE.with(|role| {
        let is_in = probes.worker(role.worker.get()).is_some();
        if is_in {
            role.worker.set(0);
        }
        is_in
    })
}

/// The worker of this runtime that the thread has, if it is in that role.
#[inline]
pub(super) fn worker(probes: ProbesNumber) -> Option<usize> {
    // A thread that ends wakes tasks from outside.
    let worker = ROLE.try_with(|role| probes.worker(role.worker.get()));
    worker.ok().flatten()
}

/// On whose behalf the thread wakes tasks from now on; returns on whose it did.
pub(super) fn set_cause(cause: WakeCause) -> WakeCause {
    ROLE.with(|role| role.cause.replace(cause))
}

/// Where a wake comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct WakeContext {
    /// The worker of the runtime that the thread has, if it is in that role.
    pub(super) worker: Option<usize>,
    pub(super) cause: WakeCause,
}

/// Where a wake comes from that this thread does now for this runtime.
#[inline]
pub(super) fn wake_context(probes: ProbesNumber) -> WakeContext {
    let of_role = |role: &Role| WakeContext {
        worker: probes.worker(role.worker.get()),
        cause: role.cause.get(),
    };
    // A thread that ends wakes tasks from outside.
    ROLE.try_with(of_role).unwrap_or(WakeContext {
        worker: None,
        cause: WakeCause::Caller,
    })
}

/// The ticks of a wake from `context`: now, or the moment of the batch that the worker dispatches.
#[inline]
pub(super) fn wake_moment(context: &WakeContext, clock: &TickClock) -> u64 {
    if context.cause == WakeCause::Caller || context.worker.is_none() {
        return clock.now();
    }
    let of_role = |role: &Role| match role.batch.get() {
        NO_BATCH => clock.now(),
        NOT_READ => {
            let now = clock.now();
            role.batch.set(now.max(NOT_READ + 1));
            now
        }
        moment => moment,
    };
    ROLE.try_with(of_role).unwrap_or_else(|_| clock.now())
}

/// The thread dispatches a batch of events, completions or timers while this lives: what it wakes was ready at one moment.
#[derive(Debug)]
pub(crate) struct WakeBatch(PhantomData<*mut ()>);

impl WakeBatch {
    #[inline]
    pub(crate) fn begin() -> Self {
        let _gone = ROLE.try_with(|role| role.batch.set(NOT_READ));
        Self(PhantomData)
    }
}

impl Drop for WakeBatch {
    #[inline]
    fn drop(&mut self) {
        let _gone = ROLE.try_with(|role| role.batch.set(NO_BATCH));
    }
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{ProbesNumber, WakeBatch, WakeCause, enter, leave, set_cause, worker};
    use super::{wake_context, wake_moment};
    use crate::sys::TickClock;

    #[test]
    fn a_thread_has_one_role_of_one_runtime() {
        let (one, other) = (ProbesNumber::next(), ProbesNumber::next());
        assert_eq!(worker(one), None);
        assert!(enter(one, 7));
        assert!(!enter(other, 8) && !enter(one, 8));
        assert_eq!((worker(one), worker(other)), (Some(7), None));
        assert!(!leave(other) && leave(one) && !leave(one));
        assert_eq!(worker(one), None);
        // The first and the last worker that there may be.
        for number in [0, (1 << 24) - 1] {
            assert!(enter(other, number));
            assert_eq!((worker(other), worker(one)), (Some(number), None));
            assert!(leave(other));
        }
    }

    #[test]
    fn the_wakes_of_a_batch_have_one_moment() {
        let (probes, clock) = (ProbesNumber::next(), TickClock::get());
        let moment = || wake_moment(&wake_context(probes), clock);
        let later = |than| {
            while clock.now() <= than {
                std::hint::spin_loop();
            }
        };
        assert!(enter(probes, 0));
        set_cause(WakeCause::Readiness);
        let first = {
            let _batch = WakeBatch::begin();
            let first = moment();
            later(first);
            assert_eq!(moment(), first);
            // A task or a thread that wakes has a moment of its own.
            set_cause(WakeCause::Caller);
            assert!(moment() > first);
            set_cause(WakeCause::Readiness);
            first
        };
        assert!(moment() > first, "the batch is over");
        let _batch = WakeBatch::begin();
        assert!(moment() > first, "another batch");
        assert!(leave(probes));
        set_cause(WakeCause::Caller);
    }
}
