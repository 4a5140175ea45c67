//! Metrics of a running runtime.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::local::LocalRuntime;
use super::runtime::Runtime;
use crate::context::{Handle, RuntimeTimers};
use crate::observability::WorkerCounters;
use crate::scheduler::SchedulerKind;

/// What a runtime counts about itself; every figure is of the moment it is asked for.
///
/// # Cost
/// Counting costs the workers a plain load and store; reading costs the reader alone.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::runtime::Handle;
///
/// /// A line for a log, about the runtime that runs here.
/// fn load() -> String {
///     let metrics = Handle::current().metrics();
///     let polls: u64 = (0..metrics.num_workers()).map(|worker| metrics.worker_poll_count(worker)).sum();
///     format!("{} tasks, {polls} polls", metrics.num_alive_tasks())
/// }
///
/// assert_eq!(load(), "0 tasks, 0 polls");
/// selkie::spawn(async {}).await.unwrap();
/// assert_eq!(load(), "0 tasks, 1 polls");
/// # }
/// ```
#[derive(Clone)]
pub struct RuntimeMetrics {
    pub(super) handle: Handle,
}

impl Handle {
    /// The runtime's figures.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    ///
    /// let metrics = Handle::current().metrics();
    /// let task = selkie::spawn(std::future::pending::<()>());
    /// assert_eq!(metrics.num_alive_tasks(), 1);
    /// task.abort();
    /// assert!(task.await.is_err());
    /// assert_eq!(metrics.num_alive_tasks(), 0);
    /// # }
    /// ```
    #[inline]
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics {
            handle: self.clone(),
        }
    }
}

impl Runtime {
    /// The runtime's figures.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().worker_threads(2).build()?;
    /// for _ in 0..10 {
    ///     runtime.block_on(runtime.spawn(async {})).unwrap();
    /// }
    /// assert_eq!(runtime.metrics().spawned_tasks_count(), 10);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle().metrics()
    }
}

impl LocalRuntime {
    /// The runtime's figures.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// runtime.spawn_local(async {});
    /// assert_eq!(runtime.metrics().num_alive_tasks(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle().metrics()
    }
}

/// The number of the worker that the calling thread is, as the methods of [`RuntimeMetrics`] take it;
/// zero on the thread that drives a current-thread runtime, `None` on other threads.
///
/// After an await it may be another.
///
/// # Examples
/// ```
/// # #[selkie::main(worker_threads = 2)]
/// # async fn main() {
/// use selkie::runtime::worker_index;
///
/// // The thread of `main` is no worker.
/// assert_eq!(worker_index(), None);
/// let index = selkie::spawn(async { worker_index() }).await.unwrap();
/// assert!(matches!(index, Some(0 | 1)));
/// # }
/// ```
#[inline]
pub fn worker_index() -> Option<usize> {
    #[cfg(feature = "rt-multi-thread")]
    if let Some(index) = crate::scheduler::worker_index() {
        return Some(index);
    }
    crate::scheduler::drives_here().then_some(0)
}

impl RuntimeMetrics {
    #[inline]
    fn worker(&self, index: usize) -> &WorkerCounters {
        match self.handle.inner.spawner.kind() {
            SchedulerKind::CurrentThread(scheduler) => {
                assert!(index == 0, "worker {index} of 1 worker");
                &scheduler.counters
            }
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.counters(index),
        }
    }

    /// How many workers the runtime has.
    #[inline]
    pub fn num_workers(&self) -> usize {
        match self.handle.inner.spawner.kind() {
            SchedulerKind::CurrentThread(_) => 1,
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.workers(),
        }
    }

    /// How many tasks have been spawned and have not ended.
    #[inline]
    pub fn num_alive_tasks(&self) -> usize {
        match self.handle.inner.spawner.kind() {
            SchedulerKind::CurrentThread(scheduler) => scheduler.alive_tasks(),
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.alive_tasks(),
        }
    }

    /// How many tasks wait in the queue for tasks from outside the workers.
    #[inline]
    pub fn global_queue_depth(&self) -> usize {
        match self.handle.inner.spawner.kind() {
            SchedulerKind::CurrentThread(scheduler) => scheduler.inject_len(),
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.inject_len(),
        }
    }

    /// How many tasks wait in the queue of worker `worker`.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    ///
    /// let metrics = Handle::current().metrics();
    /// for _ in 0..3 {
    ///     selkie::spawn(async {});
    /// }
    /// assert_eq!(metrics.worker_local_queue_depth(0), 3);
    /// # }
    /// ```
    #[inline]
    pub fn worker_local_queue_depth(&self, worker: usize) -> usize {
        match self.handle.inner.spawner.kind() {
            SchedulerKind::CurrentThread(scheduler) => {
                assert!(worker == 0, "worker {worker} of 1 worker");
                scheduler.local_len()
            }
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.local_len(worker),
        }
    }

    /// How many workers sleep.
    #[inline]
    pub fn num_sleeping_workers(&self) -> usize {
        match self.handle.inner.spawner.kind() {
            SchedulerKind::CurrentThread(scheduler) => {
                usize::from(scheduler.counters.parks.get() > scheduler.counters.unparks.get())
            }
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.sleepers(),
        }
    }

    /// How many threads the blocking pool has, without those that run workers.
    #[inline]
    pub fn num_blocking_threads(&self) -> usize {
        let (threads, _, _) = self.handle.inner.blocking.depths();
        let workers = match self.handle.inner.spawner.kind() {
            SchedulerKind::CurrentThread(_) => 0,
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.workers(),
        };
        threads.saturating_sub(workers)
    }

    /// How many threads of the blocking pool wait for work.
    #[inline]
    pub fn num_idle_blocking_threads(&self) -> usize {
        self.handle.inner.blocking.depths().1
    }

    /// How many closures wait for a thread of the blocking pool.
    #[inline]
    pub fn blocking_queue_depth(&self) -> usize {
        self.handle.inner.blocking.depths().2
    }

    /// How many timers wait.
    #[inline]
    pub fn num_timers(&self) -> usize {
        match &self.handle.inner.timers {
            RuntimeTimers::Disabled => 0,
            RuntimeTimers::Shards(shards) => shards.iter().map(|timers| timers.len()).sum(),
        }
    }

    /// How many tasks were queued from outside the workers.
    #[inline]
    pub fn remote_schedule_count(&self) -> u64 {
        match self.handle.inner.spawner.kind() {
            SchedulerKind::CurrentThread(scheduler) => scheduler.remote_schedules(),
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.remote_schedules(),
        }
    }

    /// How many readiness events the driver has handed out.
    #[inline]
    pub fn io_driver_ready_count(&self) -> u64 {
        self.handle
            .inner
            .driver
            .as_ref()
            .map_or(0, |driver| driver.events())
    }

    /// How many sources have been registered with the driver.
    #[inline]
    pub fn io_driver_fd_registered_count(&self) -> u64 {
        self.handle
            .inner
            .driver
            .as_ref()
            .map_or(0, |driver| driver.registered())
    }

    /// How many sources have been deregistered from the driver.
    #[inline]
    pub fn io_driver_fd_deregistered_count(&self) -> u64 {
        self.handle
            .inner
            .driver
            .as_ref()
            .map_or(0, |driver| driver.deregistered())
    }

    /// How often worker `worker` went to sleep.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::{runtime::Handle, time};
    ///
    /// let metrics = Handle::current().metrics();
    /// let before = metrics.worker_park_count(0);
    /// time::sleep(Duration::from_millis(2)).await;
    /// assert!(metrics.worker_park_count(0) > before);
    /// # }
    /// ```
    #[inline]
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.worker(worker).parks.get()
    }

    /// How often worker `worker` went to sleep and woke: odd while it sleeps.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    ///
    /// let metrics = Handle::current().metrics();
    /// // Asked by the worker itself, which is awake.
    /// assert_eq!(metrics.worker_park_unpark_count(0) % 2, 0);
    /// # }
    /// ```
    #[inline]
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        let counters = self.worker(worker);
        counters.parks.get() + counters.unparks.get()
    }

    /// How often worker `worker` woke and found nothing to do.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    ///
    /// let metrics = Handle::current().metrics();
    /// assert!(metrics.worker_noop_count(0) <= metrics.worker_park_count(0));
    /// # }
    /// ```
    #[inline]
    pub fn worker_noop_count(&self, worker: usize) -> u64 {
        self.worker(worker).noops.get()
    }

    /// How many tasks worker `worker` took from others.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(worker_threads = 2)]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    ///
    /// let metrics = Handle::current().metrics();
    /// let (tasks, times) = (metrics.worker_steal_count(0), metrics.worker_steal_operations(0));
    /// // Each time, one task or more.
    /// assert!(tasks >= times);
    /// # }
    /// ```
    #[inline]
    pub fn worker_steal_count(&self, worker: usize) -> u64 {
        self.worker(worker).steals.get()
    }

    /// How often worker `worker` took tasks from others.
    ///
    /// # Panics
    /// If there is no such worker.
    #[inline]
    pub fn worker_steal_operations(&self, worker: usize) -> u64 {
        self.worker(worker).steal_operations.get()
    }

    /// How many tasks worker `worker` has polled.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    /// use selkie::task;
    ///
    /// let metrics = Handle::current().metrics();
    /// selkie::spawn(async { task::yield_now().await }).await.unwrap();
    /// assert_eq!(metrics.worker_poll_count(0), 2);
    /// # }
    /// ```
    #[inline]
    pub fn worker_poll_count(&self, worker: usize) -> u64 {
        self.worker(worker).polls.get_published()
    }

    /// How long worker `worker` has been awake. The time is added up when the worker looks at its driver, or goes to sleep;
    /// on a current-thread runtime when it goes to sleep, and from the first task on that it ran since it was awake.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::{runtime::Handle, time};
    ///
    /// let work = || async { std::thread::sleep(Duration::from_millis(3)) };
    /// selkie::spawn(work()).await.unwrap();
    /// // It is added up whenever the worker goes to sleep.
    /// time::sleep(Duration::from_millis(2)).await;
    /// assert!(Handle::current().metrics().worker_total_busy_duration(0) >= Duration::from_millis(3));
    /// # }
    /// ```
    #[inline]
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        Duration::from_nanos(self.worker(worker).busy_nanos.get())
    }

    /// How many tasks were woken on worker `worker`.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    ///
    /// let metrics = Handle::current().metrics();
    /// let before = metrics.worker_local_schedule_count(0);
    /// selkie::spawn(async {}).await.unwrap();
    /// assert!(metrics.worker_local_schedule_count(0) > before);
    /// # }
    /// ```
    #[inline]
    pub fn worker_local_schedule_count(&self, worker: usize) -> u64 {
        self.worker(worker).local_schedules.get()
    }

    /// How often the queue of worker `worker` was full.
    ///
    /// # Panics
    /// If there is no such worker.
    #[inline]
    pub fn worker_overflow_count(&self, worker: usize) -> u64 {
        self.worker(worker).overflows.get()
    }

    /// The thread that runs worker `worker`, once one does.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    ///
    /// let here = std::thread::current().id();
    /// assert_eq!(Handle::current().metrics().worker_thread_id(0), Some(here));
    /// # }
    /// ```
    #[inline]
    pub fn worker_thread_id(&self, worker: usize) -> Option<std::thread::ThreadId> {
        self.worker(worker).thread.get()
    }

    /// How many tasks have been spawned so far.
    #[inline]
    pub fn spawned_tasks_count(&self) -> u64 {
        match self.handle.inner.spawner.kind() {
            SchedulerKind::CurrentThread(scheduler) => scheduler.spawned(),
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.spawned(),
        }
    }

    /// How many tasks have been spawned and have not ended.
    #[deprecated(note = "use `num_alive_tasks`")]
    #[inline]
    pub fn active_tasks_count(&self) -> usize {
        self.num_alive_tasks()
    }

    /// How many polls the [watchdog](crate::runtime::Builder::watchdog) has reported; zero without one. Beyond Tokio.
    #[inline]
    pub fn stalled_poll_count(&self) -> u64 {
        self.stalled_polls().0
    }

    /// How long the longest poll has lasted that the [watchdog](crate::runtime::Builder::watchdog) has reported; also
    /// while it goes on. Zero without a watchdog. Beyond Tokio.
    #[inline]
    pub fn longest_stalled_poll(&self) -> Duration {
        self.stalled_polls().1
    }

    #[inline]
    fn stalled_polls(&self) -> (u64, Duration) {
        let watchdog = self.handle.inner.watchdog.get();
        watchdog.map_or_else(Default::default, |watchdog| watchdog.figures())
    }

    /// How often a poll used up its budget and yielded.
    #[inline]
    pub fn budget_forced_yield_count(&self) -> u64 {
        // Relaxed: a figure for readers.
        self.handle.inner.forced_yields.load(Ordering::Relaxed)
    }

    /// How long worker `worker` takes for a poll: a moving average, in which the latest polls count
    /// most. A current-thread runtime does not measure it: zero.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(worker_threads = 2)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::runtime::Handle;
    ///
    /// let metrics = Handle::current().metrics();
    /// let mean = (0..metrics.num_workers()).map(|worker| metrics.worker_mean_poll_time(worker)).max();
    /// assert!(mean.unwrap() < Duration::from_secs(1));
    /// # }
    /// ```
    #[inline]
    pub fn worker_mean_poll_time(&self, worker: usize) -> Duration {
        Duration::from_nanos(self.worker(worker).mean_poll_nanos.get())
    }
}
