//! The figures of a runtime, printed.

use std::fmt;

use super::report::RuntimeMetrics;

/// The figures of one worker.
struct WorkerMetrics<'a> {
    runtime: &'a RuntimeMetrics,
    worker: usize,
}

impl fmt::Debug for WorkerMetrics<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (of, worker) = (self.runtime, self.worker);
        f.debug_struct("Worker")
            .field("poll_count", &of.worker_poll_count(worker))
            .field("mean_poll_time", &of.worker_mean_poll_time(worker))
            .field(
                "total_busy_duration",
                &of.worker_total_busy_duration(worker),
            )
            .field("local_queue_depth", &of.worker_local_queue_depth(worker))
            .field(
                "local_schedule_count",
                &of.worker_local_schedule_count(worker),
            )
            .field("overflow_count", &of.worker_overflow_count(worker))
            .field("steal_count", &of.worker_steal_count(worker))
            .field("steal_operations", &of.worker_steal_operations(worker))
            .field("park_count", &of.worker_park_count(worker))
            .field("park_unpark_count", &of.worker_park_unpark_count(worker))
            .field("noop_count", &of.worker_noop_count(worker))
            .field("timer_count", &of.worker_timer_count(worker))
            .field("io_source_count", &of.worker_io_source_count(worker))
            .field("io_ready_count", &of.worker_io_ready_count(worker))
            .field("ring_in_flight", &of.worker_ring_in_flight(worker))
            .field("thread_id", &of.worker_thread_id(worker))
            .finish()
    }
}

/// The figures of all workers.
struct WorkersMetrics<'a>(&'a RuntimeMetrics);

impl fmt::Debug for WorkersMetrics<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runtime = self.0;
        let workers = 0..runtime.num_workers();
        f.debug_list()
            .entries(workers.map(|worker| WorkerMetrics { runtime, worker }))
            .finish()
    }
}

/// Every figure, as it is now.
impl fmt::Debug for RuntimeMetrics {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeMetrics")
            .field("num_alive_tasks", &self.num_alive_tasks())
            .field("spawned_tasks_count", &self.spawned_tasks_count())
            .field("global_queue_depth", &self.global_queue_depth())
            .field("remote_schedule_count", &self.remote_schedule_count())
            .field(
                "budget_forced_yield_count",
                &self.budget_forced_yield_count(),
            )
            .field("stalled_poll_count", &self.stalled_poll_count())
            .field("longest_stalled_poll", &self.longest_stalled_poll())
            .field("num_sleeping_workers", &self.num_sleeping_workers())
            .field("num_blocking_threads", &self.num_blocking_threads())
            .field(
                "num_idle_blocking_threads",
                &self.num_idle_blocking_threads(),
            )
            .field("blocking_queue_depth", &self.blocking_queue_depth())
            .field("num_timers", &self.num_timers())
            .field("io_driver_ready_count", &self.io_driver_ready_count())
            .field(
                "io_driver_fd_registered_count",
                &self.io_driver_fd_registered_count(),
            )
            .field(
                "io_driver_fd_deregistered_count",
                &self.io_driver_fd_deregistered_count(),
            )
            .field("task_memory_bytes", &self.task_memory_bytes())
            .field("workers", &WorkersMetrics(self))
            .finish()
    }
}
