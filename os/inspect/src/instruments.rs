//! The figures of a runtime as instruments: one table, from which `/metrics` and OpenTelemetry's are made.
//!
//! A name in this table is a promise: dashboards and alerts are built on it.

use selkie::runtime::RuntimeMetrics;

/// How a figure changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only grows, while the runtime lives.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// Where a figure comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// One for each runtime.
    Runtime(fn(&RuntimeMetrics) -> f64),
    /// One for each worker of a runtime.
    Worker(fn(&RuntimeMetrics, usize) -> f64),
}

/// A figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instrument {
    /// Prometheus's name, with its unit, and `_total` if it is a counter.
    pub(crate) name: &'static str,
    /// OpenTelemetry's name.
    #[cfg_attr(not(feature = "opentelemetry"), allow(dead_code))]
    pub(crate) dotted: &'static str,
    pub(crate) help: &'static str,
    pub(crate) kind: Kind,
    pub(crate) source: Source,
}

const fn runtime(
    kind: Kind,
    name: &'static str,
    dotted: &'static str,
    help: &'static str,
    read: fn(&RuntimeMetrics) -> f64,
) -> Instrument {
    Instrument {
        name,
        dotted,
        help,
        kind,
        source: Source::Runtime(read),
    }
}

const fn worker(
    kind: Kind,
    name: &'static str,
    dotted: &'static str,
    help: &'static str,
    read: fn(&RuntimeMetrics, usize) -> f64,
) -> Instrument {
    Instrument {
        name,
        dotted,
        help,
        kind,
        source: Source::Worker(read),
    }
}

/// Every figure.
pub(crate) const INSTRUMENTS: &[Instrument] = &[
    runtime(
        Kind::Gauge,
        "selkie_workers",
        "selkie.workers",
        "Workers of the runtime.",
        |metrics| metrics.num_workers() as f64,
    ),
    runtime(
        Kind::Gauge,
        "selkie_workers_sleeping",
        "selkie.workers.sleeping",
        "Workers that sleep, since they have nothing to do.",
        |metrics| metrics.num_sleeping_workers() as f64,
    ),
    runtime(
        Kind::Gauge,
        "selkie_tasks_alive",
        "selkie.tasks.alive",
        "Tasks that have been spawned and have not ended.",
        |metrics| metrics.num_alive_tasks() as f64,
    ),
    runtime(
        Kind::Counter,
        "selkie_tasks_spawned_total",
        "selkie.tasks.spawned",
        "Tasks that have been spawned.",
        |metrics| metrics.spawned_tasks_count() as f64,
    ),
    runtime(
        Kind::Gauge,
        "selkie_inject_queue_depth",
        "selkie.inject_queue.depth",
        "Tasks in the queue for tasks from outside the workers.",
        |metrics| metrics.global_queue_depth() as f64,
    ),
    runtime(
        Kind::Counter,
        "selkie_remote_schedules_total",
        "selkie.remote_schedules",
        "Tasks that were queued from outside the workers.",
        |metrics| metrics.remote_schedule_count() as f64,
    ),
    runtime(
        Kind::Counter,
        "selkie_budget_forced_yields_total",
        "selkie.budget.forced_yields",
        "Polls that used up their budget and yielded.",
        |metrics| metrics.budget_forced_yield_count() as f64,
    ),
    runtime(
        Kind::Gauge,
        "selkie_timers",
        "selkie.timers",
        "Timers that wait.",
        |metrics| metrics.num_timers() as f64,
    ),
    runtime(
        Kind::Gauge,
        "selkie_blocking_threads",
        "selkie.blocking.threads",
        "Threads of the blocking pool, without those that run workers.",
        |metrics| metrics.num_blocking_threads() as f64,
    ),
    runtime(
        Kind::Gauge,
        "selkie_blocking_threads_idle",
        "selkie.blocking.threads.idle",
        "Threads of the blocking pool that wait for work.",
        |metrics| metrics.num_idle_blocking_threads() as f64,
    ),
    runtime(
        Kind::Gauge,
        "selkie_blocking_queue_depth",
        "selkie.blocking.queue.depth",
        "Closures that wait for a thread of the blocking pool.",
        |metrics| metrics.blocking_queue_depth() as f64,
    ),
    runtime(
        Kind::Counter,
        "selkie_io_ready_events_total",
        "selkie.io.ready_events",
        "Readiness events that the reactors have taken from the system.",
        |metrics| metrics.io_driver_ready_count() as f64,
    ),
    runtime(
        Kind::Counter,
        "selkie_io_sources_registered_total",
        "selkie.io.sources.registered",
        "Sources that have been registered with a reactor.",
        |metrics| metrics.io_driver_fd_registered_count() as f64,
    ),
    runtime(
        Kind::Counter,
        "selkie_io_sources_deregistered_total",
        "selkie.io.sources.deregistered",
        "Sources that have been deregistered from a reactor.",
        |metrics| metrics.io_driver_fd_deregistered_count() as f64,
    ),
    runtime(
        Kind::Counter,
        "selkie_stalled_polls_total",
        "selkie.stalled_polls",
        "Polls that the watchdog has reported; 0 without one.",
        |metrics| metrics.stalled_poll_count() as f64,
    ),
    runtime(
        Kind::Gauge,
        "selkie_longest_stalled_poll_seconds",
        "selkie.longest_stalled_poll",
        "Length of the longest poll that the watchdog has reported, also while it goes on.",
        |metrics| metrics.longest_stalled_poll().as_secs_f64(),
    ),
    runtime(
        Kind::Gauge,
        "selkie_task_memory_bytes",
        "selkie.task.memory",
        "Memory of tasks, in slots that are taken or kept.",
        |metrics| metrics.task_memory_bytes() as f64,
    ),
    worker(
        Kind::Gauge,
        "selkie_worker_timers",
        "selkie.worker.timers",
        "Timers that wait in the worker's wheel.",
        |metrics, worker| metrics.worker_timer_count(worker) as f64,
    ),
    worker(
        Kind::Gauge,
        "selkie_worker_io_sources",
        "selkie.worker.io.sources",
        "Sources that the worker's reactor watches; one or two workers share one.",
        |metrics, worker| metrics.worker_io_source_count(worker) as f64,
    ),
    worker(
        Kind::Counter,
        "selkie_worker_io_ready_events_total",
        "selkie.worker.io.ready_events",
        "Readiness events that the worker's reactor has taken from the system.",
        |metrics, worker| metrics.worker_io_ready_count(worker) as f64,
    ),
    worker(
        Kind::Gauge,
        "selkie_worker_ring",
        "selkie.worker.ring",
        "1 if the worker has an io_uring, else 0.",
        |metrics, worker| f64::from(metrics.worker_ring_in_flight(worker).is_some()),
    ),
    worker(
        Kind::Gauge,
        "selkie_worker_ring_in_flight",
        "selkie.worker.ring.in_flight",
        "Operations in flight in the worker's io_uring; 0 without one.",
        |metrics, worker| metrics.worker_ring_in_flight(worker).unwrap_or(0) as f64,
    ),
    worker(
        Kind::Counter,
        "selkie_worker_polls_total",
        "selkie.worker.polls",
        "Polls of tasks by the worker.",
        |metrics, worker| metrics.worker_poll_count(worker) as f64,
    ),
    worker(
        Kind::Counter,
        "selkie_worker_busy_seconds_total",
        "selkie.worker.busy",
        "Time for which the worker was awake, until it last went to sleep.",
        |metrics, worker| metrics.worker_total_busy_duration(worker).as_secs_f64(),
    ),
    worker(
        Kind::Gauge,
        "selkie_worker_mean_poll_seconds",
        "selkie.worker.mean_poll",
        "Moving average of the length of the worker's polls; 0 if it is not measured.",
        |metrics, worker| metrics.worker_mean_poll_time(worker).as_secs_f64(),
    ),
    worker(
        Kind::Gauge,
        "selkie_worker_queue_depth",
        "selkie.worker.queue.depth",
        "Tasks in the worker's own queue.",
        |metrics, worker| metrics.worker_local_queue_depth(worker) as f64,
    ),
    worker(
        Kind::Counter,
        "selkie_worker_local_schedules_total",
        "selkie.worker.local_schedules",
        "Tasks that were woken on the worker.",
        |metrics, worker| metrics.worker_local_schedule_count(worker) as f64,
    ),
    worker(
        Kind::Counter,
        "selkie_worker_overflows_total",
        "selkie.worker.overflows",
        "Times at which the worker's queue was full.",
        |metrics, worker| metrics.worker_overflow_count(worker) as f64,
    ),
    worker(
        Kind::Counter,
        "selkie_worker_steals_total",
        "selkie.worker.steals",
        "Tasks that the worker took from others.",
        |metrics, worker| metrics.worker_steal_count(worker) as f64,
    ),
    worker(
        Kind::Counter,
        "selkie_worker_steal_operations_total",
        "selkie.worker.steal_operations",
        "Times at which the worker took tasks from others.",
        |metrics, worker| metrics.worker_steal_operations(worker) as f64,
    ),
    worker(
        Kind::Counter,
        "selkie_worker_parks_total",
        "selkie.worker.parks",
        "Times at which the worker went to sleep.",
        |metrics, worker| metrics.worker_park_count(worker) as f64,
    ),
    worker(
        Kind::Gauge,
        "selkie_worker_sleeping",
        "selkie.worker.sleeping",
        "1 while the worker sleeps, else 0.",
        |metrics, worker| (metrics.worker_park_unpark_count(worker) % 2) as f64,
    ),
    worker(
        Kind::Counter,
        "selkie_worker_noops_total",
        "selkie.worker.noops",
        "Times at which the worker woke and found nothing to do.",
        |metrics, worker| metrics.worker_noop_count(worker) as f64,
    ),
];
