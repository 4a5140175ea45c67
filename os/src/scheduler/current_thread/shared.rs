//! The scheduler as its handles see it.
//!
//! States      core in its slot | core with one thread
//! Invariants  I1 `core_slot` holds the core, or null while a thread has it; taking it is one swap.
//!             I2 a thread that puts the core back wakes one waiter, if there are any: it stores the core, then
//!                reads `waiting`; a waiter raises `waiting`, then tries to take the core.
//!             I3 `woken` says that the root future has to be polled.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::ThreadId;

use selkie_core::raw::queue::Inject;
use selkie_core::raw::task::{Notified, OwnedTasks, VisibleTasks};
use selkie_core::time::TimersHandle;

use super::super::any_park::AnyUnpark;
use super::super::thread_parker::ThreadParker;
use super::core;
use crate::config::Config;
use crate::observability::{Counter, Dumps, Observer, ProbesSlot, WorkerCounters};

/// Tasks that run between two looks at the inject queue, unless the user says otherwise.
const REMOTE_INTERVAL: u32 = 31;

/// What the thread that runs this scheduler holds.
pub(super) type Core = core::Core<CurrentThread>;

/// The scheduler, shared by its handles.
pub(crate) struct CurrentThread {
    pub(super) config: Config,
    pub(crate) probes: ProbesSlot,
    /// The one thread that runs the scheduler, if it was built for one: tasks need not be `Send`.
    pub(super) owner: Option<ThreadId>,
    /// The core while no thread has it (I1).
    pub(super) core_slot: AtomicPtr<Core>,
    pub(super) waiting: AtomicUsize,
    pub(super) waiters: Mutex<VecDeque<Arc<ThreadParker>>>,
    pub(super) woken: AtomicBool,
    /// Set once a task's panic is to end the runtime.
    pub(super) unhandled_panic: AtomicBool,
    pub(super) inject: Inject<Notified>,
    pub(super) unpark: AnyUnpark,
    /// Slots of tasks that are spawned on other threads; `None` once closed.
    pub(super) remote: Mutex<Option<OwnedTasks<CurrentThread>>>,
    pub(super) dumps: Dumps,
    /// The tasks of the core, and those that were spawned on other threads, for dumps.
    pub(super) visible: OnceLock<[VisibleTasks<CurrentThread>; 2]>,
    pub(crate) counters: WorkerCounters,
    pub(crate) remote_spawned: Counter,
    pub(crate) remote_schedules: AtomicUsize,
    pub(crate) timers: Option<TimersHandle>,
}

// SAFETY: the core behind `core_slot` is owned by one thread at a time (I1) and is `Send`.
unsafe impl Send for CurrentThread {}
// SAFETY: as above; the rest is atomic or locked.
unsafe impl Sync for CurrentThread {}

impl std::fmt::Debug for CurrentThread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CurrentThread").finish_non_exhaustive()
    }
}

impl CurrentThread {
    pub(super) fn take_core(&self) -> Option<Box<Core>> {
        // SeqCst: pairs with the store in `put_core`, and orders against `waiting` (I2).
        let core = self.core_slot.swap(std::ptr::null_mut(), Ordering::SeqCst);
        // SAFETY: whoever swaps a core out owns it (I1); it was a box.
        NonNull::new(core).map(|core| unsafe { Box::from_raw(core.as_ptr()) })
    }

    #[inline]
    pub(super) fn put_core(&self, core: Box<Core>) {
        // SeqCst: pairs with the swap in `take_core`, and orders against `waiting` (I2).
        self.core_slot.store(Box::into_raw(core), Ordering::SeqCst);
        // SeqCst: pairs with the increment in `CoreWaiter::new` (I2).
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.unpark_waiter();
        }
    }

    #[cold]
    fn unpark_waiter(&self) {
        if let Some(waiter) = lock(&self.waiters).front() {
            waiter.unpark();
        }
    }

    pub(super) fn push_remote(&self, task: Notified) {
        // Relaxed: a figure for readers.
        self.remote_schedules.fetch_add(1, Ordering::Relaxed);
        match self.inject.push(task) {
            Ok(()) => self.unpark.unpark(),
            Err(task) => task.discard(),
        }
    }

    #[inline]
    pub(super) fn pop_remote(&self) -> Option<Notified> {
        if self.inject.is_empty() {
            return None;
        }
        self.inject.pop()
    }

    /// After how many tasks those from other threads have precedence.
    pub(super) fn remote_interval(&self) -> u32 {
        self.config.global_queue_interval.unwrap_or(REMOTE_INTERVAL)
    }

    /// Whether some thread has the core.
    pub(crate) fn is_driven(&self) -> bool {
        // Relaxed: a figure for readers.
        self.core_slot.load(Ordering::Relaxed).is_null()
    }

    /// How many tasks have been spawned so far.
    pub(crate) fn spawned(&self) -> u64 {
        self.counters.spawned.get() + self.remote_spawned.get()
    }

    /// How many tasks have been spawned and have not ended.
    pub(crate) fn alive_tasks(&self) -> usize {
        let alive = self.spawned().saturating_sub(self.counters.finished.get());
        usize::try_from(alive).unwrap_or(usize::MAX)
    }

    /// How many tasks came from other threads.
    pub(crate) fn remote_schedules(&self) -> u64 {
        // Relaxed: a figure for readers.
        self.remote_schedules.load(Ordering::Relaxed) as u64
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

    /// Whether a task has panicked and ends the runtime.
    #[inline]
    pub(super) fn has_unhandled_panic(&self) -> bool {
        // Acquire: pairs with the Release in `finished`.
        self.unhandled_panic.load(Ordering::Acquire)
    }

    /// How many notified tasks wait in the inject queue.
    pub(crate) fn inject_len(&self) -> usize {
        self.inject.len()
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
