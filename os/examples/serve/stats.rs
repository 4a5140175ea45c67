//! The runtime's figures as JSON.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::runtime::Handle;

/// Figures of the runtime that this runs on; counts grow, the page makes rates of them.
pub fn read(started: Instant) -> Value {
    let metrics = Handle::current().metrics();
    let workers: Vec<Value> = (0..metrics.num_workers())
        .map(|worker| {
            json!({
                "polls": metrics.worker_poll_count(worker),
                "steals": metrics.worker_steal_count(worker),
                "parks": metrics.worker_park_count(worker),
                "queue": metrics.worker_local_queue_depth(worker),
                "busy_us": metrics.worker_total_busy_duration(worker).as_micros() as u64,
            })
        })
        .collect();
    json!({
        "uptime_us": started.elapsed().as_micros() as u64,
        "workers": workers,
        "tasks_alive": metrics.num_alive_tasks(),
        "tasks_spawned": metrics.spawned_tasks_count(),
        "global_queue": metrics.global_queue_depth(),
        "timers": metrics.num_timers(),
        "io_events": metrics.io_driver_ready_count(),
        "io_sources": metrics.io_driver_fd_registered_count()
            .saturating_sub(metrics.io_driver_fd_deregistered_count()),
        "blocking_threads": metrics.num_blocking_threads(),
        "blocking_idle": metrics.num_idle_blocking_threads(),
        "blocking_queue": metrics.blocking_queue_depth(),
    })
}
