//! What each worker polls now, for those who look at a runtime from outside.
//!
//! Invariants  I1 the thread that has the worker writes its words; whoever reads them finds out by other times whether they belong
//!                together, since they are not written in one step.

use std::panic::Location;

use selkie_core::raw::collections::{Padded, boxed_slice};
use selkie_core::raw::platform::{AtomicPtr, AtomicU64, Ordering};
use selkie_core::task::Id;

/// What one worker polls.
#[derive(Debug)]
pub(super) struct WorkerPoll {
    /// The task, or 0.
    task: AtomicU64,
    since: AtomicU64,
    /// When the last poll was over, or 0 if the worker has done more since than to take its next task.
    ended: AtomicU64,
    location: AtomicPtr<Location<'static>>,
}

/// What the workers of a runtime poll.
#[derive(Debug)]
pub(super) struct RunningPolls(Box<[Padded<WorkerPoll>]>);

/// A poll that goes on, in ticks.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunningPoll {
    pub(super) worker: usize,
    pub(super) task: u64,
    pub(super) since: u64,
    #[allow(dead_code, reason = "read where recordings are written out")]
    pub(super) location: Option<&'static Location<'static>>,
}

impl WorkerPoll {
    /// The worker, which the thread has, begins to poll the task `id`.
    #[inline]
    pub(super) fn begin(&self, now: u64, id: Id, location: &'static Location<'static>) {
        let location = std::ptr::from_ref(location).cast_mut();
        // Relaxed: I1.
        self.since.store(now, Ordering::Relaxed);
        self.location.store(location, Ordering::Relaxed);
        self.task.store(id.as_u64(), Ordering::Relaxed);
    }

    /// The poll of the worker, which the thread has, is over since `now`.
    #[inline]
    pub(super) fn end(&self, now: u64) {
        // Relaxed: I1.
        self.ended.store(now, Ordering::Relaxed);
        self.task.store(0, Ordering::Relaxed);
    }

    /// The thread is about to hand the worker off: its poll goes on without.
    #[inline]
    pub(super) fn hand_off(&self) {
        self.end(0);
    }

    /// The worker, which the thread has, does more than to take its next task.
    #[inline]
    pub(super) fn interrupt(&self) {
        // Relaxed: I1.
        self.ended.store(0, Ordering::Relaxed);
    }

    /// When the last poll of the worker, which the thread has, was over, if the worker has only taken its next task since.
    #[inline]
    pub(super) fn just_ended(&self) -> Option<u64> {
        // Relaxed: I1.
        let ended = self.ended.load(Ordering::Relaxed);
        (ended != 0).then_some(ended)
    }

    /// Since when the worker, which the thread has, polls the task `id`, if it does.
    #[inline]
    pub(super) fn since(&self, id: Id) -> Option<u64> {
        // Relaxed: I1.
        let is_it = self.task.load(Ordering::Relaxed) == id.as_u64();
        is_it.then(|| self.since.load(Ordering::Relaxed))
    }
}

impl RunningPolls {
    #[inline]
    pub(super) fn new(workers: usize) -> Self {
        let words = || {
            Padded(WorkerPoll {
                task: AtomicU64::new(0),
                since: AtomicU64::new(0),
                ended: AtomicU64::new(0),
                location: AtomicPtr::new(std::ptr::null_mut()),
            })
        };
        Self(boxed_slice(workers, |_| words()))
    }

    /// What worker `worker` polls.
    #[inline]
    pub(super) fn of(&self, worker: usize) -> &WorkerPoll {
        &self.0[worker]
    }

    /// The polls that go on.
    #[allow(unsafe_code)]
    #[inline]
    pub(super) fn all(&self) -> Vec<RunningPoll> {
        let mut polls = Vec::with_capacity(self.0.len());
        for (worker, words) in self.0.iter().enumerate() {
            // Relaxed: I1.
            let location = words.location.load(Ordering::Relaxed);
            let poll = RunningPoll {
                worker,
                task: words.task.load(Ordering::Relaxed),
                since: words.since.load(Ordering::Relaxed),
                // SAFETY: null, or made of a `&'static Location` by `begin`.
                location: unsafe { location.as_ref() },
            };
            if poll.task != 0 {
                polls.push(poll);
            }
        }
        polls
    }
}
