//! A worker: its queues, and what wakes from other threads do to them.
//!
//! Idea        A task that is woken on the worker's thread goes into the LIFO slot and runs next; older ones are in the
//!             ring. Tasks from other threads, and what does not fit into the ring, go into the inject queue. Idle workers
//!             steal half of a ring.
//! Invariants  I1 `WORKER` points to a `Worker` on the stack of this very thread, or is null.
//!             I2 the core is borrowed for moments only, never while a task or foreign code runs.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::{Duration, Instant};

use selkie_core::raw::collections::Entered;
use selkie_core::raw::coop;
use selkie_core::raw::queue::RingOwner;
use selkie_core::raw::task::{Notified, Schedule, UnspawnedTask, is_of_task};
use selkie_core::raw::time::{ParkLimit, TimersOwner};
use selkie_core::raw::wake::wake_each;
use selkie_core::task::Id;

use super::super::maintenance::Maintenance;
use super::super::trim::Trim;
use super::super::yields::Yields;
use super::shared::{Core, MultiThread, Remote};
use super::stalled_workers::StalledWorkers;
use super::tuning::Tuning;

/// A thread that runs a worker.
pub(super) struct Worker<'a> {
    pub(super) owner: &'a Arc<MultiThread>,
    pub(super) shared: &'a MultiThread,
    pub(super) remote: &'a Remote,
    /// The owner's end of the ring, while the core is here.
    pub(super) ring: Cell<Option<RingOwner<'a, Notified>>>,
    pub(super) index: usize,
    pub(super) core: RefCell<Option<Box<Core>>>,
    pub(super) entered: RefCell<Option<Entered>>,
    /// Whether this thread has the core, which it hands off when it is about to block.
    pub(super) has_core: Cell<bool>,
    /// Whether the worker counts as searching.
    pub(super) searching: Cell<bool>,
    /// Set while the worker sleeps in its driver: tasks that it wakes then are not announced to other workers yet.
    pub(super) parking: Cell<bool>,
    /// Set while the worker polls its driver between tasks, with the same effect.
    pub(super) looking: Cell<bool>,
    /// Whether the ring has tasks that were not announced to other workers.
    pub(super) unannounced: Cell<bool>,
    /// Whether events were ready when the worker last went to sleep: then it polls its driver before it searches or sleeps.
    pub(super) expects_events: Cell<bool>,
    /// When the worker woke up, or when its busy time was last counted.
    pub(super) awake_since: Cell<Option<Instant>>,
    /// Tasks in a row that came from the LIFO slot.
    pub(super) lifo_streak: Cell<u32>,
    pub(super) yields: Yields,
    /// Whether the current poll is counted already.
    pub(super) counted: Cell<bool>,
    /// The count of polls at the last sleep.
    polls_at_park: Cell<u64>,
    trim: Trim,
    pub(super) tuning: Tuning,
    /// Tasks until the inject queue has precedence.
    pub(super) until_outside: Cell<u32>,
    /// The count of polls when a task from outside last had precedence.
    pub(super) outside_at: Cell<u64>,
    /// When to look at driver and timers.
    pub(super) maintenance: Maintenance,
    /// What the others had done when this worker's tasks had all yielded.
    pub(super) stalled: StalledWorkers,
    /// Wakers of others than tasks, until the next look.
    pub(super) kept: RefCell<Vec<Waker>>,
}

/// The thread is `worker` from now on, or, with null, none; returns what it was.
pub(super) fn set_worker(worker: *const Worker<'static>) -> *const Worker<'static> {
    // It stays installed: on a thread without a worker it defers nothing.
    coop::set_forced_deferral(keep_waker);
    WORKER.replace(worker)
}

thread_local! {
    static WORKER: Cell<*const Worker<'static>> = const { Cell::new(std::ptr::null()) };
}

/// Keeps the waker of a future that was forced to yield, until the worker of this thread has looked at its
/// driver. A task's own waker is not kept: the task goes to the back of its queue, unless its poll is traced.
fn keep_waker(waker: &Waker) -> bool {
    if is_of_task(waker) && !coop::is_traced() {
        return false;
    }
    let keep = |worker: &Worker<'_>| {
        if !worker.has_core.get() {
            return false;
        }
        let is_last = |last: &Waker| last.will_wake(waker);
        if worker.kept.borrow().last().is_some_and(is_last) {
            return true; // A waker that is deferred again and again is woken once.
        }
        let waker = waker.clone(); // I2
        worker.kept.borrow_mut().push(waker);
        worker.maintenance.force();
        true
    };
    with_worker(keep).unwrap_or(false)
}

/// The worker that this thread is, or null (I1).
#[inline]
pub(super) fn worker_here() -> *const Worker<'static> {
    WORKER.get()
}

/// Calls `f` with the worker that this thread is.
pub(super) fn with_worker<R>(f: impl FnOnce(&Worker<'_>) -> R) -> Option<R> {
    // SAFETY: it points to this thread's stack, or is null (I1).
    unsafe { worker_here().as_ref() }.map(f)
}

/// The number of the worker that the calling thread is, in its runtime.
pub(crate) fn worker_index() -> Option<usize> {
    with_worker(|worker| worker.has_core.get().then_some(worker.index)).flatten()
}

impl MultiThread {
    /// The number of the worker of this scheduler that the calling thread is.
    pub(crate) fn worker_here(&self) -> Option<usize> {
        with_worker(|worker| worker.serves(self).then_some(worker.index)).flatten()
    }
}

impl<'a> Worker<'a> {
    /// The worker `index`, without its core.
    pub(super) fn new(owner: &'a Arc<MultiThread>, index: usize) -> Self {
        Self {
            owner,
            shared: owner,
            remote: &owner.remotes[index],
            ring: Cell::new(None),
            index,
            core: RefCell::new(None),
            entered: RefCell::new(None),
            has_core: Cell::new(false),
            searching: Cell::new(false),
            parking: Cell::new(false),
            looking: Cell::new(false),
            unannounced: Cell::new(false),
            expects_events: Cell::new(false),
            awake_since: Cell::new(Some(Instant::now())),
            lifo_streak: Cell::new(0),
            yields: Yields::new(),
            counted: Cell::new(false),
            polls_at_park: Cell::new(owner.remotes[index].counters.polls.get()),
            trim: Trim::new(),
            tuning: Tuning::new(owner.config.global_queue_interval),
            until_outside: Cell::new(1),
            outside_at: Cell::new(u64::MAX - 1),
            maintenance: Maintenance::new(owner.config.event_interval),
            stalled: StalledWorkers::new(owner.workers()),
            kept: RefCell::new(Vec::new()),
        }
    }

    /// This thread has the core from now on.
    pub(super) fn install(&self, core: Box<Core>) {
        self.remote.parker.adopt();
        self.shared.drivers.bind_worker(Some(self.index));
        self.remote.counters.thread.note();
        if let (true, Some(then)) = (cfg!(feature = "taskdump"), self.awake_since.get()) {
            // From here on what is measured anyway is added, which costs less than to compute this each time.
            let since = then.saturating_duration_since(self.shared.made_at);
            let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
            self.remote.counters.looked_at.set(nanos);
        }
        // SAFETY: dropped before the core leaves this thread, by `remove`.
        *self.entered.borrow_mut() = Some(unsafe { core.tasks.enter() });
        *self.core.borrow_mut() = Some(core);
        let ring = self.remote.ring.claim();
        debug_assert!(ring.is_some(), "a core on two threads");
        self.ring.set(ring);
        self.has_core.set(true);
    }

    /// Puts the owner's end of the ring back after its use.
    #[inline(always)]
    pub(super) fn put_ring(&self, ring: RingOwner<'a, Notified>) {
        // Nothing is there, which the compiler does not see: a drop would be asked for.
        std::mem::forget(self.ring.replace(Some(ring)));
    }

    /// Takes the oldest notified task of the ring.
    #[inline]
    pub(super) fn pop_ring(&self) -> Option<Notified> {
        let ring = self.ring.take()?;
        let task = ring.pop();
        self.put_ring(ring);
        task
    }

    /// Wakes those that were kept.
    pub(super) fn wake_kept(&self) {
        // Taken out first: a waker may be foreign code (I2).
        wake_each(self.kept.take());
    }

    /// Takes the core out of this thread.
    pub(super) fn remove(&self) -> Option<Box<Core>> {
        self.wake_kept();
        self.has_core.set(false);
        self.shared.drivers.bind_worker(None);
        let core = self.core.borrow_mut().take()?;
        drop(self.ring.take());
        drop(self.entered.take());
        Some(core)
    }

    /// Whether this thread has a core of the scheduler at `scheduler`.
    #[inline]
    pub(super) fn serves(&self, scheduler: *const MultiThread) -> bool {
        std::ptr::eq(self.shared, scheduler) && self.has_core.get()
    }

    /// Puts `task` into a slot and queues it; the core is here.
    #[inline]
    pub(super) fn put(&self, task: UnspawnedTask<'_>) {
        let task = {
            let core = self.core.borrow();
            let core = core.as_ref().expect("the core is here");
            core.tasks.put(task)
        };
        self.remote.counters.spawned.increment();
        self.push_woken(task);
    }

    /// Counts a sleep, and whether nothing was run since the last one.
    pub(super) fn count_park(&self) {
        let counters = &self.remote.counters;
        let polls = counters.polls.get();
        if self.polls_at_park.replace(polls) == polls {
            counters.noops.increment();
        }
        counters.parks.increment();
    }

    /// The worker was awake for `nanos` since the last call.
    pub(super) fn tune(&self, nanos: u64) {
        let counters = &self.remote.counters;
        if let Some(mean) = self.tuning.update(counters.polls.get(), nanos) {
            counters.mean_poll_nanos.set(mean);
        }
    }

    /// The worker is about to sleep: says how long it may, by its timers and by memory that is to be given back.
    #[inline]
    pub(super) fn prepare_park(&self) -> Option<Duration> {
        let finished = self.remote.counters.finished.get();
        let mut core = self.core.borrow_mut();
        let core = core.as_mut()?;
        let limit = match core.timers.as_mut().map(TimersOwner::prepare_park) {
            None | Some(ParkLimit::Forever) => None,
            Some(ParkLimit::Sleep(limit)) => Some(limit),
            // Only a single-thread runtime's clock can be paused.
            Some(ParkLimit::Advance) => Some(Duration::ZERO),
        };
        self.trim.limit(&core.tasks, finished, limit)
    }

    /// The worker has slept.
    #[inline]
    pub(super) fn finish_park(&self) {
        let mut core = self.core.borrow_mut();
        let Some(core) = core.as_mut() else { return };
        if let Some(timers) = &mut core.timers {
            timers.finish_park();
        }
        self.give_back(core);
    }

    /// Gives memory of past tasks back, if it was there for long.
    pub(super) fn give_memory_back(&self) {
        if let Some(core) = self.core.borrow().as_ref() {
            self.give_back(core);
        }
    }

    fn give_back(&self, core: &Core) {
        let finished = self.remote.counters.finished.get();
        self.trim
            .trim_if_due(&core.tasks, &self.shared.outside, finished);
    }
}

// SAFETY: the tasks are `Send`.
unsafe impl Schedule for MultiThread {
    fn may_drop_tasks_here(&self) -> bool {
        true
    }

    #[inline]
    unsafe fn schedule(this: NonNull<Self>, task: Notified) {
        // SAFETY: it points to this thread's stack, or is null (I1).
        match unsafe { worker_here().as_ref() } {
            Some(worker) if worker.serves(this.as_ptr()) => worker.push_woken(task),
            // SAFETY: the notified task keeps the runtime from ending.
            _ => unsafe { schedule_from_outside(this, task) },
        }
    }

    #[inline]
    unsafe fn requeue(this: NonNull<Self>, task: Notified) {
        // SAFETY: it points to this thread's stack, or is null (I1).
        match unsafe { worker_here().as_ref() } {
            Some(worker) if worker.serves(this.as_ptr()) => {
                worker.shared.tell_queued(&task);
                worker.push_behind(task);
            }
            // SAFETY: the notified task keeps the runtime from ending.
            _ => unsafe { schedule_from_outside(this, task) },
        }
    }

    #[inline]
    fn finished(&self, id: Id, location: &'static Location<'static>, _panicked: bool) {
        if let Some(probes) = self.probes() {
            probes.finished(id, location);
        }
        // SAFETY: it points to this thread's stack, or is null (I1).
        match unsafe { worker_here().as_ref() } {
            Some(worker) if worker.serves(self) => worker.remote.counters.finished.increment(),
            // Relaxed: a figure for readers.
            _ => drop(self.outside_counts.finished.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

/// # Safety
/// `this` is alive as long as the notified task is out.
#[cold]
unsafe fn schedule_from_outside(this: NonNull<MultiThread>, task: Notified) {
    // SAFETY: the notified task keeps the runtime from ending, and so the `Arc` alive; from here on we
    // hold it ourselves.
    unsafe { Arc::increment_strong_count(this.as_ptr()) };
    // SAFETY: the count just taken.
    let this = unsafe { Arc::from_raw(this.as_ptr()) };
    this.push_outside(task);
}
