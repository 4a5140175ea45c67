//! How the scheduler starts, and how tasks are spawned on it.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::ThreadId;

use selkie_core::raw::queue::Inject;
use selkie_core::raw::task::{OwnedTasks, UnspawnedTask};
use selkie_core::raw::time::TimersOwner;
use selkie_core::task::{Id, JoinHandle};

use super::super::any_park::AnyPark;
use super::super::spawner::{Scheduler, SchedulerKind, Spawner};
use super::super::trim::Trim;
use super::core_context::with_core;
use super::shared::{Core, CurrentThread, lock};
use crate::config::Config;
use crate::observability::{Counter, Dumps, ProbesSlot, WorkerCounters};

impl CurrentThread {
    /// A scheduler that sleeps by `park`. With `owner` it is run, and ended, on that thread only.
    pub(crate) fn new(
        config: Config,
        park: AnyPark,
        timers: Option<TimersOwner>,
        owner: Option<ThreadId>,
    ) -> Arc<Self> {
        let unpark = park.unpark_handle();
        let scheduler = Arc::new(Self {
            probes: ProbesSlot::new(config.probes.as_ref()),
            config,
            owner,
            core_slot: AtomicPtr::new(std::ptr::null_mut()),
            waiting: AtomicUsize::new(0),
            waiters: Mutex::new(VecDeque::new()),
            woken: AtomicBool::new(false),
            unhandled_panic: AtomicBool::new(false),
            inject: Inject::new(),
            unpark,
            remote: Mutex::new(None),
            dumps: Dumps::default(),
            visible: OnceLock::new(),
            counters: WorkerCounters::default(),
            remote_spawned: Counter::default(),
            remote_schedules: AtomicUsize::new(0),
            timers: timers.as_ref().map(|owner| owner.handle()),
        });
        let tasks = OwnedTasks::new(Arc::clone(&scheduler));
        let remote = OwnedTasks::new(Arc::clone(&scheduler));
        let visible = [tasks.visible(), remote.visible()];
        scheduler.visible.get_or_init(|| visible);
        *lock(&scheduler.remote) = Some(remote);
        let core = Box::new(Core {
            queue: VecDeque::with_capacity(64),
            until_remote: scheduler.remote_interval(),
            since_look: 0,
            yields_in_row: 0,
            polls_at_park: 0,
            deferred: Vec::new(),
            trim: Trim::new(),
            busy_since: None,
            park,
            timers,
            tasks: Some(tasks),
        });
        scheduler.put_core(core);
        scheduler
    }

    /// Puts `task` into a slot and queues it.
    fn put(self: &Arc<Self>, task: UnspawnedTask<'_>) {
        if let Some(probes) = self.probes() {
            probes.spawned(task.id(), task.location());
        }
        let mut task = Some(task);
        let _spawned = with_core(Arc::as_ptr(self), |core| {
            let tasks = core.tasks.as_ref()?;
            let task = tasks.put(task.take()?);
            self.tell_queued(&task);
            core.queue.push_back(task);
            self.counters.spawned.increment();
            self.counters.local_schedules.increment();
            Some(())
        });
        if let Some(task) = task {
            self.put_from_outside(task);
        }
    }

    /// As [`put`](Self::put), where the core is not.
    #[cold]
    fn put_from_outside(self: &Arc<Self>, task: UnspawnedTask<'_>) {
        let remote = lock(&self.remote);
        let Some(tasks) = remote.as_ref() else {
            drop(remote);
            return self.put_cancelled(task);
        };
        let task = tasks.put(task);
        self.remote_spawned.increment();
        drop(remote);
        self.tell_queued(&task);
        self.push_remote(task);
    }

    /// A task of a scheduler that has shut down: cancelled from the start.
    #[cold]
    fn put_cancelled(self: &Arc<Self>, task: UnspawnedTask<'_>) {
        let tasks = OwnedTasks::new(Arc::clone(self));
        tasks.put(task).cancel();
        tasks.close().finish_soon();
    }

    /// Whether the scheduler was built for one thread.
    pub(crate) fn is_local(&self) -> bool {
        self.owner.is_some()
    }

    /// Spawns `future`, which need not be `Send`.
    ///
    /// # Panics
    /// On any thread but the one that the scheduler was built for.
    #[track_caller]
    pub(crate) fn spawn_local<F>(
        self: &Arc<Self>,
        future: F,
        id: Id,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        assert!(
            self.owner == Some(std::thread::current().id()),
            "Local tasks can only be spawned on a LocalRuntime from the thread the runtime was \
             created on"
        );
        let spawn = |task: UnspawnedTask<'_>| self.put(task);
        // SAFETY: this is the thread that runs and ends the scheduler; `F` is `'static`.
        unsafe { UnspawnedTask::lend(id, location, future, spawn) }
    }
}

impl Scheduler for Arc<CurrentThread> {
    fn kind(&self) -> SchedulerKind<'_> {
        SchedulerKind::CurrentThread(self)
    }

    fn spawn(&self, task: UnspawnedTask<'_>) {
        self.put(task);
    }

    fn share(&self) -> Spawner {
        Spawner::new(Self::clone(self))
    }
}
