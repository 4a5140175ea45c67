//! The part of the scheduler that its workers share with each other and with those who wake their tasks.
//!
//! States      running → stopping (no worker starts a poll) → ended (every task is dropped), see `remaining_tasks`
//! Invariants  I1 the thread that has core `i` has the owner's end of `remotes[i].ring`.
//!             I2 the shards of `inject` are closed before the first worker ends.
//!             I3 what is written while tasks run has a cache line of its own, apart from what each worker reads at each
//!                poll, and from what other workers write.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
#[cfg(feature = "taskdump")]
use std::time::Duration;
use std::time::Instant;

use selkie_core::raw::collections::{Padded, QueueHandle};
use selkie_core::raw::platform::{AtomicBool, AtomicPtr, AtomicU64};
use selkie_core::raw::queue::{Inject, Ring};
use selkie_core::raw::task::{Header, Notified, OwnedTasks, VisibleTasks};
use selkie_core::time::TimersHandle;

use super::core;
use super::drivers::Drivers;
use super::idle::Idle;
use super::monitor_role::MonitorRole;
use super::notify::SharedQueues;
use super::parker::Parker;
use super::progress::Progress;
use super::remaining_tasks::RemainingTasks;
use crate::config::Config;
use crate::observability::{Counter, Dumps, Observer, ProbesSlot, WorkerCounters};

/// How many workers are called for a task from outside: of two polls one ends much sooner than of one, and of more not much.
const CALLED: usize = 2;

/// Starts a thread for a worker; the assembly wraps it in the runtime's context.
pub(crate) type Launch = Box<dyn Fn(Box<dyn FnOnce() + Send>) -> std::io::Result<()> + Send + Sync>;

/// One worker's own part.
pub(super) type Core = core::Core<MultiThread>;

/// No worker's number.
pub(super) const NOBODY: usize = usize::MAX;

/// What others see of one worker.
pub(super) struct Remote {
    pub(super) ring: Ring<Notified>,
    /// The task woken last, to be run next.
    pub(super) lifo: AtomicPtr<Header>,
    /// Set when something waits in the inject queue and nobody sleeps who could come for it.
    pub(super) called: AtomicBool,
    /// Whom to look at first for work, or [`NOBODY`].
    pub(super) invited_by: AtomicUsize,
    pub(super) parker: Parker,
    pub(super) counters: WorkerCounters,
    pub(super) progress: Progress,
    pub(super) timers: Option<TimersHandle>,
}

impl Remote {
    /// Takes the notified task in the LIFO slot.
    #[inline]
    pub(super) fn take_lifo(&self) -> Option<Notified> {
        // Relaxed: a look; the swap decides.
        if self.lifo.load(Ordering::Relaxed).is_null() {
            return None;
        }
        // Acquire: pairs with the Release of the worker that put it there.
        let raw = self.lifo.swap(std::ptr::null_mut(), Ordering::Acquire);
        // SAFETY: only notified tasks go into the slot, and each comes out once.
        NonNull::new(raw).map(|raw| unsafe { Notified::from_raw(raw) })
    }
}

/// What is counted by threads that are no workers.
#[derive(Debug, Default)]
pub(super) struct OutsideCounts {
    pub(super) spawned: Counter,
    pub(super) finished: AtomicU64,
    /// Tasks that were queued.
    pub(super) schedules: AtomicU64,
}

/// The scheduler, shared by workers and handles.
pub(crate) struct MultiThread {
    pub(super) config: Config,
    pub(crate) probes: ProbesSlot,
    pub(super) made_at: Instant,
    pub(super) remotes: Box<[Padded<Remote>]>,
    pub(super) inject: Box<[Padded<Inject<Notified>>]>,
    pub(super) idle: Padded<Idle>,
    pub(super) drivers: Drivers,
    pub(super) launch: OnceLock<Launch>,
    pub(super) stopping: AtomicBool,
    /// Slots of tasks that are spawned outside the workers; `None` once closed.
    pub(super) outside: Padded<Mutex<Option<OwnedTasks<Self>>>>,
    /// The workers' parts until the workers start.
    pub(super) unstarted: Mutex<Vec<Core>>,
    pub(super) end: RemainingTasks<Self>,
    pub(super) outside_counts: Padded<OutsideCounts>,
    pub(super) dumps: Dumps,
    /// The tasks of each worker, and behind them those of no worker, for dumps.
    pub(super) visible: OnceLock<Box<[VisibleTasks<Self>]>>,
    /// Which sleeper looks after the driver and the timers of blocked workers, see `monitor`.
    pub(super) monitor: Padded<MonitorRole>,
}

impl std::fmt::Debug for MultiThread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MultiThread")
            .field("workers", &self.remotes.len())
            .finish_non_exhaustive()
    }
}

thread_local! {
    /// The shard that this thread pushes to.
    static SHARD: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // Relaxed: any spread will do.
        NEXT.fetch_add(1, Ordering::Relaxed)
    };
}

thread_local! {
    /// The worker that this thread calls next, modulo their number.
    static NEXT_CALLED: Cell<usize> = const { Cell::new(0) };
}

impl SharedQueues for MultiThread {
    type Task = Notified;

    #[inline]
    fn workers(&self) -> usize {
        self.remotes.len()
    }

    #[inline]
    fn inject(&self) -> &[Padded<Inject<Notified>>] {
        &self.inject
    }

    #[inline]
    fn ring(&self, index: usize) -> &Ring<Notified> {
        &self.remotes[index].ring
    }

    #[inline]
    fn idle(&self) -> &Idle {
        &self.idle
    }

    #[inline]
    fn parker(&self, index: usize) -> &Parker {
        &self.remotes[index].parker
    }

    #[inline]
    fn drivers(&self) -> &Drivers {
        &self.drivers
    }

    #[inline]
    fn stopping(&self) -> &AtomicBool {
        &self.stopping
    }

    fn invite(&self, index: usize, from: usize) {
        // Relaxed: a hint, and the wake orders it.
        self.remotes[index]
            .invited_by
            .store(from, Ordering::Relaxed);
    }

    /// The next [`CALLED`] in turn that were not called before. If they are in long polls, others look in their own time.
    #[cold]
    fn call_workers(&self) {
        let workers = self.workers();
        let first = NEXT_CALLED
            .try_with(|next| next.replace(next.get().wrapping_add(1)))
            .unwrap_or(0);
        let mut left = CALLED;
        for offset in 0..workers {
            let called = &self.remotes[(first + offset) % workers].called;
            // Relaxed: a hint; a lost one costs the time until the worker looks by itself.
            if !called.load(Ordering::Relaxed) {
                called.store(true, Ordering::Relaxed);
                left -= 1;
                if left == 0 {
                    return;
                }
            }
        }
    }
}

impl MultiThread {
    /// The shard that the calling thread pushes to: always the same, so that a lone spawner keeps
    /// the shard in its cache.
    fn own_shard(&self) -> &Inject<Notified> {
        let shard = SHARD.try_with(|shard| *shard).unwrap_or(0);
        &self.inject[shard % self.inject.len()]
    }

    /// The bytes of memory that tasks have.
    pub(crate) fn task_memory_bytes(&self) -> usize {
        let visible = self.visible.get().into_iter().flatten();
        visible.map(|tasks| tasks.memory_bytes(self)).sum()
    }

    /// The probes of tasks, if there are any.
    #[inline]
    pub(crate) fn probes(&self) -> Option<&dyn Observer> {
        self.probes.get()
    }

    /// Reports to the probes that a task is about to be queued.
    #[inline]
    pub(super) fn tell_queued(&self, task: &Notified) {
        if let Some(probes) = self.probes() {
            probes.queued(task);
        }
    }

    /// Queues a notified task from outside the workers.
    pub(super) fn push_outside(&self, task: Notified) {
        self.tell_queued(&task);
        // Relaxed: a figure for readers.
        self.outside_counts
            .schedules
            .fetch_add(1, Ordering::Relaxed);
        if let Err(task) = self.push_to_shard(self.own_shard(), task) {
            task.discard();
        }
    }

    /// Takes one notified task from the inject queue, starting with the shard of worker `index`.
    pub(super) fn pop_outside(&self, index: usize) -> Option<Notified> {
        (0..self.inject.len()).find_map(|offset| {
            let shard = &self.inject[(index + offset) % self.inject.len()];
            shard.pop()
        })
    }

    /// How many notified tasks wait in the inject queue.
    pub(crate) fn inject_len(&self) -> usize {
        SharedQueues::inject_len(self)
    }

    /// Tells the workers to end: each drops its tasks.
    pub(crate) fn stop(&self) {
        self.stop_workers();
    }

    /// How many workers there are.
    pub(crate) fn workers(&self) -> usize {
        self.remotes.len()
    }

    /// What worker `index` counts.
    pub(crate) fn counters(&self, index: usize) -> &WorkerCounters {
        &self.remotes[index].counters
    }

    /// How long ago worker `index` has last read the clock between two polls.
    #[cfg(feature = "taskdump")]
    pub(crate) fn last_look(&self, index: usize) -> Duration {
        // Zero: not since the workers began.
        let at = Duration::from_nanos(self.counters(index).looked_at.get());
        self.made_at.elapsed().saturating_sub(at)
    }

    /// How many tasks wait in the queue of worker `index`.
    pub(crate) fn local_len(&self, index: usize) -> usize {
        self.remotes[index].ring.len()
    }

    /// The timers of worker `index`.
    pub(crate) fn timers(&self, index: usize) -> Option<TimersHandle> {
        self.remotes[index].timers
    }

    /// How many workers sleep.
    pub(crate) fn sleepers(&self) -> usize {
        self.idle.sleepers()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::atomic::Ordering;

    use super::super::layout::scheduler;
    use super::{CALLED, SharedQueues};

    #[test]
    fn workers_are_called_in_turn_until_all_are() {
        let scheduler = scheduler(2 * CALLED + 1);
        let called = || {
            let remotes = scheduler.remotes.iter();
            let called = remotes.filter(|remote| remote.called.load(Ordering::Relaxed));
            called.count()
        };
        for expected in [CALLED, 2 * CALLED, 2 * CALLED + 1, 2 * CALLED + 1] {
            scheduler.call_workers();
            assert_eq!(called(), expected);
        }
        let refused = scheduler.start(Box::new(|_| Err(std::io::Error::other("no threads here"))));
        assert!(refused.is_err(), "and so it has ended");
    }
}
