//! A worker: its queues, and what others' wakes do to them.
//!
//! Idea        A task woken here runs next, from the LIFO slot; others stand in the ring; what comes
//!             from outside, or does not fit, in the inject queue; idle workers take half a ring.
//! Invariants  I1 `WORKER` points to a `Worker` on the stack of this very thread, or is null.
//!             I2 the core is borrowed for moments only, never while a task or foreign code runs.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use selkie_core::collections::{Chain, Entered};
use selkie_core::queue::RING_SLOTS;
use selkie_core::task::{Id, Notified, Schedule};

use super::core::{Core, LIFO_STREAK};
use super::shared::{MultiThread, Remote};

/// A thread that runs a worker.
pub(super) struct Worker {
    pub(super) shared: Arc<MultiThread>,
    pub(super) index: usize,
    pub(super) core: RefCell<Option<Box<Core>>>,
    pub(super) entered: RefCell<Option<Entered>>,
    /// Set while the worker is in its driver: what it wakes then is no reason to wake others yet.
    pub(super) parking: Cell<bool>,
    /// When the worker woke, or was last asked how long it has been awake.
    pub(super) awake_since: Cell<Option<Instant>>,
}

/// The thread is `worker` from now on, or, with null, none; returns what it was.
pub(super) fn set_worker(worker: *const Worker) -> *const Worker {
    WORKER.replace(worker)
}

thread_local! {
    static WORKER: Cell<*const Worker> = const { Cell::new(std::ptr::null()) };
}

/// Calls `f` with the worker that this thread is.
pub(super) fn with_worker<R>(f: impl FnOnce(&Worker) -> R) -> Option<R> {
    let worker = WORKER.try_with(Cell::get).ok()?;
    // SAFETY: it points to this thread's stack, or is null (I1).
    unsafe { worker.as_ref() }.map(f)
}

/// The number of the worker that the calling thread is, in its runtime.
pub(crate) fn worker_index() -> Option<usize> {
    with_worker(|worker| worker.core.borrow().as_ref().map(|core| core.index)).flatten()
}

impl Worker {
    pub(super) fn remote(&self) -> &Remote {
        &self.shared.remotes[self.index]
    }

    /// This thread has the core from now on.
    pub(super) fn install(&self, core: Box<Core>) {
        self.remote().parker.adopt();
        let _first = self
            .remote()
            .counters
            .thread
            .set(std::thread::current().id());
        // SAFETY: dropped before the core leaves this thread: in `run`, or by `handoff`.
        *self.entered.borrow_mut() = Some(unsafe { core.tasks.enter() });
        *self.core.borrow_mut() = Some(core);
    }

    /// Reads or changes the core (I2).
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Core) -> R) -> Option<R> {
        self.core.borrow_mut().as_deref_mut().map(f)
    }

    pub(super) fn run_task(&self, token: Notified) {
        let was_searching = self.with(|core| std::mem::take(&mut core.searching));
        if was_searching == Some(true) && self.shared.idle.stop_searching() {
            self.shared.notify();
        }
        self.remote().counters.polls.increment();
        token.run();
    }

    /// The next task of this worker's own, or from outside.
    pub(super) fn next_task(&self, tick: u32) -> Option<Notified> {
        if tick % self.shared.config.global_queue_interval == 0 {
            if let Some(token) = self.shared.pop_outside(self.index) {
                return Some(token);
            }
        }
        let lifo_turn = self.with(|core| core.lifo_streak < LIFO_STREAK)?;
        let from_lifo = || {
            let token = self.shared.take_lifo(self.index)?;
            self.with(|core| core.lifo_streak += 1);
            Some(token)
        };
        if lifo_turn {
            if let Some(token) = from_lifo() {
                return Some(token);
            }
        }
        self.with(|core| core.lifo_streak = 0);
        self.pop_ring()
            .or_else(from_lifo)
            .or_else(|| self.take_from_outside())
    }

    fn pop_ring(&self) -> Option<Notified> {
        // SAFETY: only tokens go into the ring, each comes out once; we have the core (its I1).
        self.remote()
            .ring
            .pop()
            .map(|raw| unsafe { Notified::from_raw(raw) })
    }

    /// This worker's share of the inject queue: one task to run, the others into the ring.
    fn take_from_outside(&self) -> Option<Notified> {
        let waiting = self.shared.inject_len();
        if waiting == 0 {
            return None;
        }
        let share = (waiting / self.shared.workers() + 1).min(RING_SLOTS / 2);
        let mut first = None;
        let mut taken = 0;
        for offset in 0..self.shared.inject.len() {
            let shard = &self.shared.inject[(self.index + offset) % self.shared.inject.len()];
            taken += shard.pop_many(share - taken, |raw| {
                // SAFETY: only tokens go into the shards, and each comes out once.
                let token = unsafe { Notified::from_raw(raw) };
                if first.is_none() {
                    first = Some(token);
                } else {
                    self.push_ring(token);
                }
            });
            if taken == share {
                break;
            }
        }
        first
    }

    /// Looks for a task in the other workers' rings.
    pub(super) fn search(&self) -> Option<Notified> {
        let start = self.with(|core| {
            if !core.searching {
                core.searching = self.shared.idle.start_searching();
            }
            core.searching
                .then(|| core.random.below(self.shared.workers()))
        })??;
        for offset in 0..self.shared.workers() {
            let victim = (start + offset) % self.shared.workers();
            if victim != self.index {
                if let Some(token) = self.steal_from(victim) {
                    return Some(token);
                }
            }
        }
        self.take_from_outside()
    }

    /// Half of the tasks in the ring of worker `victim`: one to run, the others into our ring.
    pub(super) fn steal_from(&self, victim: usize) -> Option<Notified> {
        let mut first = None;
        let stolen = self.shared.remotes[victim].ring.take_half(|raw| {
            // SAFETY: only tokens go into rings, and each comes out once.
            let token = unsafe { Notified::from_raw(raw) };
            if first.is_none() {
                first = Some(token);
            } else {
                self.push_ring(token);
            }
        });
        if stolen > 0 {
            let counters = &self.remote().counters;
            counters.steal_operations.increment();
            counters.steals.add(stolen as u64);
        }
        first
    }

    /// Adds a token to the ring; a full ring sends half of its tasks to the inject queue.
    pub(super) fn push_ring(&self, token: Notified) {
        let Err(raw) = self.remote().ring.push(token.into_raw()) else {
            return;
        };
        let mut overflow = Chain::new();
        self.remote().ring.take_half(|raw| {
            // SAFETY: a token keeps its slot, and has just left the ring.
            unsafe { overflow.push(raw) };
        });
        // SAFETY: a token keeps its slot, and is in no queue.
        unsafe { overflow.push(raw) };
        self.remote().counters.overflows.increment();
        if let Err(mut back) =
            self.shared.inject[self.index % self.shared.inject.len()].append(overflow)
        {
            while let Some(raw) = back.pop() {
                // SAFETY: only tokens went into the chain, and each comes out once.
                unsafe { Notified::from_raw(raw) }.discard();
            }
        }
    }

    /// Queues a task that was woken on this worker: it runs next, its predecessor goes behind.
    fn push_woken(&self, token: Notified) {
        self.remote().counters.local_schedules.increment();
        if !self.shared.config.lifo_slot {
            return self.push_behind(token);
        }
        // AcqRel: hands the task to whoever swaps next, in `take_lifo`.
        let before = self
            .remote()
            .lifo
            .swap(token.into_raw().as_ptr(), Ordering::AcqRel);
        if let Some(before) = NonNull::new(before) {
            // SAFETY: only tokens go into the slot, and each comes out once.
            self.push_ring(unsafe { Notified::from_raw(before) });
            self.notify();
        }
    }

    /// Queues a task behind the others.
    fn push_behind(&self, token: Notified) {
        // The worker itself comes to a lone task at once: that is no reason to wake another.
        let others =
            !self.remote().ring.is_empty() || !self.remote().lifo.load(Ordering::Relaxed).is_null();
        self.push_ring(token);
        if others {
            self.notify();
        }
    }

    fn notify(&self) {
        if !self.parking.get() {
            self.shared.notify();
        }
    }

    /// Puts tokens taken from a blocked worker where this worker finds them.
    pub(super) fn adopt(&self, token: Notified) {
        self.push_ring(token);
    }
}

// SAFETY: every task's owner is this scheduler, in an `Arc` that the workers hold until the last of
// them has closed the owners.
unsafe impl Schedule for MultiThread {
    unsafe fn schedule(this: NonNull<Self>, token: Notified) {
        let mut token = Some(token);
        with_worker(|worker| {
            if worker.serves(this) {
                if let Some(token) = token.take() {
                    worker.push_woken(token);
                }
            }
        });
        let Some(token) = token else { return };
        // SAFETY: the token keeps the runtime from ending, and so the `Arc` alive; from here on we
        // hold it ourselves.
        unsafe { Arc::increment_strong_count(this.as_ptr()) };
        // SAFETY: the count just taken.
        let this = unsafe { Arc::from_raw(this.as_ptr()) };
        this.push_outside(token);
    }

    unsafe fn requeue(this: NonNull<Self>, token: Notified) {
        let mut token = Some(token);
        with_worker(|worker| {
            if worker.serves(this) {
                if let Some(token) = token.take() {
                    worker.push_behind(token);
                }
            }
        });
        if let Some(token) = token {
            // SAFETY: by the caller's promise.
            unsafe { Self::schedule(this, token) };
        }
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, _panicked: bool) {
        let counted = with_worker(|worker| {
            let ours = worker.serves(NonNull::from(self));
            if ours {
                worker.remote().counters.finished.increment();
            }
            ours
        });
        if counted != Some(true) {
            // Relaxed: a figure for readers.
            self.outside_finished.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Worker {
    /// Whether this thread has a core of the scheduler at `scheduler`.
    fn serves(&self, scheduler: NonNull<MultiThread>) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.shared), scheduler.as_ptr())
            && self.core.try_borrow().map_or(true, |core| core.is_some())
    }
}
