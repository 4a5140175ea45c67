//! How a scheduler starts, and how tasks are spawned on it.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::task::{Wake, Waker};
use std::time::Instant;

use selkie_core::raw::collections::{Padded, SlotLayout, boxed_slice};
use selkie_core::raw::platform::{AtomicBool, AtomicPtr};
use selkie_core::raw::queue::{Inject, Ring};
use selkie_core::raw::random::Random;
use selkie_core::raw::task::{OwnedTasks, UnspawnedTask};
use selkie_core::raw::time::TimersOwner;

use super::super::any_park::AnyPark;
use super::super::spawner::{Scheduler, SchedulerKind, Spawner};
use super::drivers::Drivers;
use super::idle::Idle;
use super::monitor_role::MonitorRole;
use super::notify::SharedQueues;
use super::parker::Parker;
use super::progress::Progress;
use super::remaining_tasks::RemainingTasks;
use super::run;
use super::shared::{Core, Launch, MultiThread, NOBODY, Remote};
use super::worker::worker_here;
use crate::config::Config;
use crate::observability::{Dumps, ProbesSlot, WorkerCounters};

/// Shards of the inject queue at most.
const SHARDS: usize = 16;

/// Ends the sleep of one worker, for its timers.
struct UnparkWorker {
    scheduler: Weak<MultiThread>,
    index: usize,
}

impl Wake for UnparkWorker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(scheduler) = self.scheduler.upgrade() {
            scheduler.unpark(self.index);
        }
    }
}

impl MultiThread {
    /// A scheduler that is not yet started. Its workers sleep by `parks`: each by its own, or all by one. `timers`
    /// takes a timer shard from the pool, which wakes by the waker given; `None` runs without timers.
    pub(crate) fn new(
        config: Config,
        parks: Vec<AnyPark>,
        timers: Option<&dyn Fn(Waker) -> TimersOwner>,
    ) -> Arc<Self> {
        let workers = config.worker_threads;
        let mut owners = Vec::with_capacity(workers);
        let scheduler = Arc::new_cyclic(|weak: &Weak<Self>| {
            for index in 0..workers {
                let unpark = UnparkWorker {
                    scheduler: weak.clone(),
                    index,
                };
                owners.push(timers.map(|timers| timers(Waker::from(Arc::new(unpark)))));
            }
            let remotes = boxed_slice(workers, |index| {
                Padded(Remote {
                    ring: Ring::new(),
                    lifo: AtomicPtr::new(std::ptr::null_mut()),
                    called: AtomicBool::new(false),
                    invited_by: AtomicUsize::new(NOBODY),
                    parker: Parker::new(),
                    counters: WorkerCounters::default(),
                    progress: Progress::default(),
                    timers: owners[index].as_ref().map(TimersOwner::handle),
                })
            });
            let shards = workers.next_power_of_two().min(SHARDS);
            Self {
                probes: ProbesSlot::new(config.probes.as_ref()),
                made_at: Instant::now(),
                remotes,
                inject: boxed_slice(shards, |_| Padded(Inject::new())),
                idle: Padded(Idle::new(workers)),
                drivers: Drivers::new(parks),
                launch: OnceLock::new(),
                stopping: AtomicBool::new(false),
                outside: Padded(Mutex::new(None)),
                unstarted: Mutex::new(Vec::new()),
                end: RemainingTasks::new(workers),
                outside_counts: Padded::default(),
                dumps: Dumps::default(),
                visible: OnceLock::new(),
                monitor: Padded(MonitorRole::new()),
                config,
            }
        });
        scheduler.own_tasks(owners);
        scheduler
    }

    /// Makes the workers' cores, each with the owner of its tasks, and one of `owners` of timers.
    fn own_tasks(self: &Arc<Self>, owners: Vec<Option<TimersOwner>>) {
        // Several workers, each with tasks of its own, do not write to one line.
        let layout = match owners.len() {
            1 => SlotLayout::Dense,
            _ => SlotLayout::Apart,
        };
        let tasks = || OwnedTasks::laid_out(Arc::clone(self), layout);
        let mut cores = Vec::with_capacity(owners.len());
        for (index, owner) in owners.into_iter().enumerate() {
            cores.push(Core {
                index,
                random: Random::new(self.config.seed.wrapping_add(index as u64)),
                tasks: tasks(),
                timers: owner,
            });
        }
        let outside = tasks();
        self.visible.get_or_init(|| {
            boxed_slice(cores.len() + 1, |index| {
                let tasks = cores.get(index).map_or(&outside, |core| &core.tasks);
                tasks.visible()
            })
        });
        *lock(&self.outside) = Some(outside);
        *lock(&self.unstarted) = cores;
    }

    /// Ends the sleep of worker `index`, wherever it sleeps.
    pub(crate) fn waker(self: &Arc<Self>, index: usize) -> Waker {
        Waker::from(Arc::new(UnparkWorker {
            scheduler: Arc::downgrade(self),
            index,
        }))
    }

    /// Starts the workers, each on a thread that `launch` starts.
    ///
    /// # Errors
    /// What `launch` says; the workers that were started end again.
    pub(crate) fn start(self: &Arc<Self>, launch: Launch) -> std::io::Result<()> {
        let launch = self.launch.get_or_init(|| launch);
        let mut cores = std::mem::take(&mut *lock(&self.unstarted));
        while let Some(core) = cores.pop() {
            let shared = Arc::clone(self);
            let slot = Arc::new(Mutex::new(Some(core)));
            let theirs = Arc::clone(&slot);
            let started = launch(Box::new(move || {
                let core = lock(&theirs).take();
                if let Some(core) = core {
                    run::run(shared, Box::new(core));
                }
            }));
            if let Err(error) = started {
                cores.extend(lock(&slot).take());
                self.stop();
                cores.into_iter().for_each(|core| self.end_worker(core));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Puts `task` into a slot and queues it.
    fn put(self: &Arc<Self>, task: UnspawnedTask<'_>) {
        if let Some(probes) = self.probes() {
            probes.spawned(task.id(), task.location());
        }
        let worker = worker_here();
        // SAFETY: it points to this thread's stack, or is null.
        match unsafe { worker.as_ref() } {
            Some(worker) if worker.serves(Arc::as_ptr(self)) && !self.is_stopping() => {
                worker.put(task);
            }
            _ => self.put_from_outside(task),
        }
    }

    /// As [`put`](Self::put), outside the workers.
    #[cold]
    fn put_from_outside(self: &Arc<Self>, task: UnspawnedTask<'_>) {
        let outside = lock(&self.outside);
        let Some(tasks) = outside.as_ref().filter(|_| !self.is_stopping()) else {
            drop(outside);
            return self.put_cancelled(task);
        };
        let task = tasks.put(task);
        self.outside_counts.spawned.increment();
        drop(outside);
        self.push_outside(task);
    }

    /// A task of a scheduler that has stopped: cancelled from the start.
    #[cold]
    fn put_cancelled(self: &Arc<Self>, task: UnspawnedTask<'_>) {
        let tasks = OwnedTasks::new(Arc::clone(self));
        tasks.put(task).cancel();
        tasks.close().finish_soon();
    }

    /// How many tasks have been spawned so far.
    pub(crate) fn spawned(&self) -> u64 {
        let on_workers = self
            .remotes
            .iter()
            .map(|remote| remote.counters.spawned.get());
        self.outside_counts.spawned.get() + on_workers.sum::<u64>()
    }

    /// How many tasks have been spawned and have not ended.
    pub(crate) fn alive_tasks(&self) -> usize {
        let on_workers = self
            .remotes
            .iter()
            .map(|remote| remote.counters.finished.get());
        // Relaxed: a figure for readers.
        let finished =
            self.outside_counts.finished.load(Ordering::Relaxed) + on_workers.sum::<u64>();
        usize::try_from(self.spawned().saturating_sub(finished)).unwrap_or(usize::MAX)
    }

    /// How many tasks came from outside the workers.
    pub(crate) fn remote_schedules(&self) -> u64 {
        // Relaxed: a figure for readers.
        self.outside_counts.schedules.load(Ordering::Relaxed)
    }
}

impl Scheduler for Arc<MultiThread> {
    fn kind(&self) -> SchedulerKind<'_> {
        SchedulerKind::MultiThread(self)
    }

    fn spawn(&self, task: UnspawnedTask<'_>) {
        self.put(task);
    }

    fn share(&self) -> Spawner {
        Spawner::new(Self::clone(self))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
