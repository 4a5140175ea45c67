//! The life of a task in one word.
//!
//! Idea        One atomic word holds who owns the task, what it does, and the slot's generation, so
//!             that a waker's or abort handle's compare-and-swap fails when the slot moved on.
//! States      vacant → NOTIFIED ⇄ RUNNING → COMPLETE → vacant, with idle (neither NOTIFIED nor
//!             RUNNING) between polls; COMPLETE with RUNNING while the completer still works on
//!             the slot (it wakes the joiner or drops the output).
//! Invariants  I1 while RUNNING one context alone touches the future; while COMPLETE the output
//!                belongs to the join handle as long as JOIN is set, else to the completer.
//!             I2 NOTIFIED without RUNNING: exactly one [`Notified`](super::header::Notified) exists;
//!                the slot is not given back before the `Notified` is consumed.
//!             I3 the slot is given back by whoever clears the last of RUNTIME and JOIN.
//!             I4 JOIN_WAKER set: the join waker belongs to the completer; clear: to the handle.
//!                Whoever gives the slot back drops a join waker that is still there.
//!             I5 after CANCELLED no wake sets NOTIFIED: whoever cancelled has made sure that the task ends.
//!             I6 the generation changes only when the slot is given back, and never repeats.
//!             I7 a word of zeros is a vacant slot of generation 0: memory that the system has
//!                zeroed is as good as memory that was written.
//! Rejected    A reference count: two atomic operations per waker, on a word all wakers share.
//! Length      one word, one protocol: a transition can be understood only beside the others.

use crate::platform::{AtomicUsize, Ordering};

const RUNNING: usize = 1;
const NOTIFIED: usize = 1 << 1;
/// Set from the start of a task until it is complete, so that a word of zeros is a vacant slot (I7).
const LIVE: usize = 1 << 2;
const CANCELLED: usize = 1 << 3;
const JOIN: usize = 1 << 4;
const JOIN_WAKER: usize = 1 << 5;
const RUNTIME: usize = 1 << 6;
const PANICKED: usize = 1 << 7;
const GENERATION_SHIFT: u32 = 8;
const GENERATION_ONE: usize = 1 << GENERATION_SHIFT;
const FLAGS: usize = GENERATION_ONE - 1;

/// Bits of the generation that fit in a waker, beside a slot's address.
pub(super) const WAKER_GENERATION: usize = 0x1f;

/// The state word of one slot.
#[derive(Debug)]
pub(super) struct State(AtomicUsize);

/// The state at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Snapshot(usize);

/// What the poller of a task has to do.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OnStart {
    /// Poll the future of the task of this generation.
    Poll {
        /// The whole generation.
        generation: usize,
    },
    /// Drop the future and complete as cancelled.
    Cancel,
    /// The task ended without this `Notified`: the runtime leaves, and the caller gives the slot back
    /// if `last`.
    Finished { last: bool },
}

/// What follows a poll that returned `Pending`.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OnPending {
    /// Nothing: a wake will come.
    Idle,
    /// The task was woken meanwhile: queue it again.
    Requeue,
    /// The task was aborted meanwhile: drop the future and complete as cancelled.
    Cancel,
}

/// What the completer of a task has to do.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OnComplete {
    /// Nobody wants the output: drop it, then [`leave`](State::leave_runtime); a `Notified` is still out.
    DropOutput,
    /// Nobody wants the output, and the runtime has left: drop it and give the slot back.
    DropOutputLast,
    /// Wake the join waker, then [`leave`](State::leave_runtime).
    WakeJoiner,
    /// The handle will take the output; the runtime has left.
    Left,
}

/// What follows a wake.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OnWake {
    /// The caller holds the `Notified`: queue the task.
    Queue,
    /// Nothing: queued, running, ended, or another task's slot.
    Nothing,
}

/// How the task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskOutcome {
    Returned,
    Cancelled,
    Panicked,
}

/// What the join handle has to do when it drops.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LeaveOutcome {
    /// The output is the handle's: drop it, then leave again.
    DropOutput,
    /// The handle has left.
    Left {
        /// The join waker is the handle's: drop it.
        waker: bool,
        /// The handle was the last owner: give the slot back.
        last: bool,
    },
}

impl Snapshot {
    pub(super) fn is_complete(self) -> bool {
        self.0 & LIVE == 0
    }

    pub(super) fn has_join_waker(self) -> bool {
        self.0 & JOIN_WAKER != 0
    }

    pub(super) fn generation(self) -> usize {
        self.0 >> GENERATION_SHIFT
    }

    pub(super) fn ending(self) -> TaskOutcome {
        if self.0 & PANICKED != 0 {
            TaskOutcome::Panicked
        } else if self.0 & CANCELLED != 0 {
            TaskOutcome::Cancelled
        } else {
            TaskOutcome::Returned
        }
    }

    /// Whether the slot holds no task and nobody works on it.
    pub(super) fn is_vacant(self) -> bool {
        self.0 & FLAGS == 0
    }

    pub(super) fn is_owned_by_runtime(self) -> bool {
        self.has(RUNTIME)
    }

    pub(super) fn is_running(self) -> bool {
        self.has(RUNNING)
    }

    pub(super) fn is_notified(self) -> bool {
        self.has(NOTIFIED)
    }

    /// Whether a poll of the task can not start.
    fn is_ended_or_running(self) -> bool {
        self.0 & (LIVE | RUNNING) != LIVE
    }

    fn has(self, flag: usize) -> bool {
        self.0 & flag != 0
    }

    /// The state when its `Notified` is consumed without a poll, and whether its consumer is the last
    /// owner: the runtime leaves with the `Notified` if the completer is done already.
    fn without_notified(self) -> (usize, bool) {
        let next = self.0 & !NOTIFIED;
        if self.is_complete() && !self.has(RUNNING) {
            return (next & !RUNTIME, !self.has(JOIN));
        }
        (next, false)
    }
}

impl State {
    /// The state of a vacant slot, whose next task has `generation`.
    pub(super) fn vacant(generation: usize) -> Self {
        Self(AtomicUsize::new(generation << GENERATION_SHIFT))
    }

    /// Makes the word of a vacant slot that of a slot whose next task has `generation`.
    pub(super) fn restore(&self, generation: usize) {
        debug_assert!(self.load().is_vacant(), "a slot in use was restored");
        // Relaxed: to stale wakers a vacant slot is as good as another.
        self.0
            .store(generation << GENERATION_SHIFT, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn load(&self) -> Snapshot {
        // Acquire: pairs with the Release of whoever completed the task (I1).
        Snapshot(self.0.load(Ordering::Acquire))
    }

    /// Tries `step` until its result stands; `None` ends without a change.
    #[inline]
    fn update<R>(&self, mut step: impl FnMut(Snapshot) -> (Option<usize>, R)) -> R {
        let mut now = self.0.load(Ordering::Relaxed);
        loop {
            let (next, result) = step(Snapshot(now));
            let Some(next) = next else {
                return result;
            };
            // AcqRel: each transition publishes what the one before it wrote; pairs with every
            // other transition of this word.
            match self
                .0
                .compare_exchange_weak(now, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return result,
                Err(other) => now = other,
            }
        }
    }

    /// A vacant slot becomes a task that is queued, owned by runtime and handle (I2, I3).
    #[inline]
    pub(super) fn begin(&self) -> Snapshot {
        let vacant = self.0.load(Ordering::Relaxed);
        debug_assert_eq!(vacant & FLAGS, 0, "slot taken twice");
        let first = (vacant & !FLAGS) | LIVE | NOTIFIED | JOIN | RUNTIME;
        // Release: pairs with the Acquire of a stale waker that finds the new task.
        self.0.store(first, Ordering::Release);
        Snapshot(first)
    }

    /// The slot is about to be given back (I6). `false`: generations are used up, keep it.
    #[inline]
    pub(super) fn end(&self) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        debug_assert_eq!(last & (RUNTIME | JOIN), 0, "slot given back while owned");
        let next = (last & !FLAGS).wrapping_add(GENERATION_ONE);
        // Relaxed: whoever takes the slot gets it by the free list's ordering.
        self.0.store(next, Ordering::Relaxed);
        next != 0
    }

    /// A waker of `generation` (its low bits) wakes.
    #[inline]
    pub(super) fn wake(&self, generation: usize) -> OnWake {
        self.update(|now| {
            if now.generation() & WAKER_GENERATION != generation
                || now.is_complete()
                || now.has(CANCELLED)
            {
                return (None, OnWake::Nothing);
            }
            // Also when nothing changes: the write makes what the waker's thread did before
            // visible to the next poll.
            let next = now.0 | NOTIFIED;
            let queue = !now.has(NOTIFIED) && !now.has(RUNNING);
            (
                Some(next),
                if queue {
                    OnWake::Queue
                } else {
                    OnWake::Nothing
                },
            )
        })
    }

    /// Aborts the task of exactly `generation`.
    pub(super) fn abort(&self, generation: usize) -> OnWake {
        self.update(|now| {
            if now.generation() != generation || now.is_complete() || now.has(CANCELLED) {
                return (None, OnWake::Nothing);
            }
            if now.has(RUNNING) || now.has(NOTIFIED) {
                return (Some(now.0 | CANCELLED), OnWake::Nothing);
            }
            (Some(now.0 | CANCELLED | NOTIFIED), OnWake::Queue)
        })
    }

    /// The holder of the `Notified` starts a poll (I1, I2).
    #[inline]
    pub(super) fn start(&self) -> OnStart {
        let before = self.update(|now| {
            debug_assert!(now.has(NOTIFIED), "a notified without NOTIFIED");
            let next = match now.is_ended_or_running() {
                true => now.without_notified().0,
                false => (now.0 & !NOTIFIED) | RUNNING,
            };
            (Some(next), now)
        });
        if before.is_ended_or_running() {
            // The runtime's shutdown was faster: it completes, or has completed, the task.
            let (_, last) = before.without_notified();
            OnStart::Finished { last }
        } else if before.has(CANCELLED) {
            OnStart::Cancel
        } else {
            OnStart::Poll {
                generation: before.generation(),
            }
        }
    }

    /// The poll returned `Pending`.
    #[inline]
    pub(super) fn pend(&self) -> OnPending {
        self.update(|now| {
            if now.has(CANCELLED) {
                return (None, OnPending::Cancel);
            }
            let next = now.0 & !RUNNING;
            let then = if now.has(NOTIFIED) {
                OnPending::Requeue
            } else {
                OnPending::Idle
            };
            (Some(next), then)
        })
    }

    /// The runtime's shutdown takes the future of a task that nobody runs. `false`: whoever runs
    /// it will cancel it, or it has ended.
    pub(super) fn seize(&self) -> bool {
        self.update(|now| {
            if now.is_complete() {
                return (None, false);
            }
            if now.has(RUNNING) {
                return (Some(now.0 | CANCELLED), false);
            }
            (Some(now.0 | CANCELLED | RUNNING), true)
        })
    }

    /// Gives the `Notified` back unused: the queue is closed and the runtime's shutdown will find the
    /// task. `true`: the caller is the last owner.
    pub(super) fn drop_notified(&self) -> bool {
        self.update(|now| {
            let (next, last) = now.without_notified();
            (Some(next), last)
        })
    }

    /// The task ended; `seized` says that the shutdown ended it, so that a `Notified` may be out (I2).
    #[inline]
    pub(super) fn complete(&self, ending: TaskOutcome, seized: bool) -> OnComplete {
        let outcome = match ending {
            TaskOutcome::Returned => 0,
            TaskOutcome::Cancelled => CANCELLED,
            TaskOutcome::Panicked => PANICKED,
        };
        self.update(|now| {
            debug_assert!(now.has(RUNNING), "completed without running");
            let notified_out = seized && now.has(NOTIFIED);
            let notified = if notified_out { NOTIFIED } else { 0 };
            // What stays when the completer has more to do with the slot.
            let busy = (now.0 & !(LIVE | CANCELLED | NOTIFIED)) | outcome | notified;
            if now.has(JOIN_WAKER) {
                return (Some(busy), OnComplete::WakeJoiner);
            }
            match (now.has(JOIN), notified_out) {
                (true, true) => (Some(busy & !RUNNING), OnComplete::Left),
                (true, false) => (Some(busy & !(RUNNING | RUNTIME)), OnComplete::Left),
                (false, true) => (Some(busy), OnComplete::DropOutput),
                (false, false) => (
                    Some(busy & !(RUNNING | RUNTIME)),
                    OnComplete::DropOutputLast,
                ),
            }
        })
    }

    /// The completer is done with the slot, and the runtime leaves, unless a `Notified` is out, whose
    /// consumer then leaves for it. `true`: it was the last owner (I3).
    #[inline]
    pub(super) fn leave_runtime(&self) -> bool {
        self.update(|now| {
            if now.has(NOTIFIED) {
                return (Some(now.0 & !RUNNING), false);
            }
            (Some(now.0 & !(RUNNING | RUNTIME)), !now.has(JOIN))
        })
    }

    /// The handle has stored a join waker (I4). `false`: the task has completed meanwhile.
    #[inline]
    pub(super) fn set_join_waker(&self) -> bool {
        self.update(|now| match now.is_complete() {
            true => (None, false),
            false => (Some(now.0 | JOIN_WAKER), true),
        })
    }

    /// The handle takes the join waker back (I4). `false`: the task has completed meanwhile.
    pub(super) fn unset_join_waker(&self) -> bool {
        self.update(|now| match now.is_complete() {
            true => (None, false),
            false => (Some(now.0 & !JOIN_WAKER), true),
        })
    }

    /// The handle leaves (I3), unless the task has completed with an output that is still there.
    #[inline]
    pub(super) fn leave_join(&self, output_gone: bool) -> LeaveOutcome {
        let now = self.load();
        if output_gone && now.is_complete() && !now.has(RUNTIME) {
            // Nobody else changes the word any more: the runtime left before, as the Acquire of the
            // load has seen, and stale wakers write nothing to a task that has ended.
            self.0.store(now.0 & !JOIN, Ordering::Relaxed);
            return LeaveOutcome::Left {
                waker: false,
                last: true,
            };
        }
        self.update(|now| {
            if now.is_complete() {
                if !output_gone {
                    return (None, LeaveOutcome::DropOutput);
                }
                // The join waker is left to whoever leaves last.
                let last = !now.has(RUNTIME);
                return (
                    Some(now.0 & !JOIN),
                    LeaveOutcome::Left { waker: false, last },
                );
            }
            let waker = now.has(JOIN_WAKER);
            (
                Some(now.0 & !(JOIN | JOIN_WAKER)),
                LeaveOutcome::Left { waker, last: false },
            )
        })
    }
}
