//! The list of benchmarks over the number of workers.

use super::benchmark::{Benchmark, Figures};
use super::{busy_workers, server, throughput};

/// Runtimes of several workers.
const RUNTIMES: &[&str] = &["selkie", "tokio"];

const fn q(
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    measure: fn(&str, usize, &str) -> Option<Figures>,
) -> Benchmark {
    Benchmark {
        name,
        unit,
        description,
        on_one_processor: false,
        runtimes: RUNTIMES,
        measure,
    }
}

/// A benchmark of a server: each figure has its own unit.
const fn of_server(name: &'static str, description: &'static str) -> Benchmark {
    Benchmark {
        runtimes: server::RUNTIMES,
        ..q(name, "", description, server::measure)
    }
}

const fn crowded(benchmark: Benchmark, name: &'static str) -> Benchmark {
    Benchmark {
        name,
        on_one_processor: true,
        ..benchmark
    }
}

const WAKE_BUSY: Benchmark = q(
    "wake_busy",
    "us",
    "a task is woken from another thread while 4 tasks per worker compute 50 us and yield",
    busy_workers::measure,
);

const SLEEP_BUSY: Benchmark = q(
    "sleep_busy",
    "us",
    "a sleep of 1 to 8 ms ends late while 2 tasks per worker compute 50 us and yield",
    busy_workers::measure,
);

const STORM: Benchmark = q(
    "storm",
    "ns",
    "a wake of 512 tasks that wait for one `Notify`, by one that yields until all wait",
    throughput::measure,
);

/// Every benchmark, in the order of the table.
pub const ALL: &[Benchmark] = &[
    q(
        "pairs",
        "ns",
        "worker's time of a message that is answered by a oneshot, 2 pairs per worker, nothing shared",
        throughput::measure,
    ),
    q(
        "yields",
        "ns",
        "worker's time of a yield, 64 tasks per worker",
        throughput::measure,
    ),
    q(
        "spawn_all",
        "ns",
        "worker's time of a spawn and its end, of tasks that each worker spawns",
        throughput::measure,
    ),
    q(
        "spawn_from_one",
        "ns",
        "a spawn by one task for all workers",
        throughput::measure,
    ),
    q(
        "broadcast",
        "ns",
        "processor time of a receive, one task sends to 2 per worker",
        throughput::measure,
    ),
    STORM,
    crowded(STORM, "storm_crowded"),
    WAKE_BUSY,
    crowded(WAKE_BUSY, "wake_busy_crowded"),
    SLEEP_BUSY,
    crowded(SLEEP_BUSY, "sleep_busy_crowded"),
    q(
        "wake_idle",
        "us",
        "a task of a runtime that sleeps is woken from another thread",
        busy_workers::measure,
    ),
    of_server(
        "echo_64",
        "TCP echo of 64 bytes, 64 connections, as many threads of clients as workers",
    ),
    of_server("echo_512", "the same, 512 connections"),
    of_server("echo_2048", "the same, 2,048 connections"),
    of_server("http_64", "hyper, keep-alive, 64 connections"),
    of_server("http_1024", "the same, 1,024 connections"),
];
