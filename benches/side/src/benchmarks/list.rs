//! The list of benchmarks.

use super::benchmark::Benchmark;
use super::{
    block_on, blocking, channels, datagrams, echo, files, http, locks, memory, process, spawn,
    stuck_worker, timers, wakes,
};
use crate::peer::Peer;

const fn q(
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    measure: fn(Peer, &str) -> Option<f64>,
) -> Benchmark {
    Benchmark {
        name,
        unit,
        description,
        measure,
    }
}

/// Every benchmark, in the order of the table.
pub const ALL: &[Benchmark] = &[
    q(
        "spawn_one",
        "ns",
        "spawn a task and await it",
        spawn::measure,
    ),
    q(
        "spawn_batch",
        "ns",
        "spawn 1,000 tasks, then await them",
        spawn::measure,
    ),
    q(
        "spawn_remote",
        "ns",
        "another thread spawns 10,000 tasks, and waits",
        spawn::measure,
    ),
    q(
        "spawn_tree",
        "ns",
        "tasks that spawn two tasks each, ten levels",
        spawn::measure,
    ),
    q(
        "spawn_4k",
        "ns",
        "spawn and await a future of 4 KiB",
        spawn::measure,
    ),
    q("yield_one", "ns", "a lone task yields", wakes::measure),
    q(
        "yield_many",
        "ns",
        "1,000 tasks yield in turn",
        wakes::measure,
    ),
    q(
        "ping_pong",
        "ns",
        "two tasks send a number to and fro",
        wakes::measure,
    ),
    q(
        "chain",
        "ns",
        "each task spawns the next, 1,000 long",
        wakes::measure,
    ),
    q(
        "wake_storm",
        "ns",
        "1,000 waiting tasks are woken at once",
        wakes::measure,
    ),
    q(
        "block_on",
        "ns",
        "block_on of a ready future",
        block_on::measure,
    ),
    q(
        "start_stop",
        "ns",
        "build and drop a runtime",
        block_on::measure,
    ),
    q(
        "oneshot",
        "ns",
        "make, send, receive, in one task",
        channels::measure,
    ),
    q(
        "mpsc",
        "ns",
        "send and receive in one task, 64 slots",
        channels::measure,
    ),
    q(
        "mpsc_4",
        "ns",
        "four tasks send to one, 64 slots",
        channels::measure,
    ),
    q(
        "unbounded_4",
        "ns",
        "four tasks send to one, no limit",
        channels::measure,
    ),
    q(
        "watch",
        "ns",
        "send and see the change, in one task",
        channels::measure,
    ),
    q(
        "unbounded",
        "ns",
        "send and receive in one task, no limit",
        channels::measure,
    ),
    q(
        "broadcast",
        "ns",
        "send and receive in one task",
        channels::measure,
    ),
    q(
        "oneshot_4",
        "ns",
        "between two tasks, four pairs at once",
        channels::measure,
    ),
    q(
        "watch_4",
        "ns",
        "one sends, four see changes",
        channels::measure,
    ),
    q("broadcast_4", "ns", "one sends to four", channels::measure),
    q(
        "mutex",
        "ns",
        "lock and unlock, nobody else",
        locks::measure,
    ),
    q(
        "rwlock",
        "ns",
        "read and write, nobody else",
        locks::measure,
    ),
    q(
        "semaphore",
        "ns",
        "acquire and release, nobody else",
        locks::measure,
    ),
    q("barrier_4", "ns", "four tasks meet", locks::measure),
    q(
        "mutex_4",
        "ns",
        "four tasks, one lock, a yield inside",
        locks::measure,
    ),
    q(
        "rwlock_4",
        "ns",
        "four readers, every tenth writes",
        locks::measure,
    ),
    q(
        "semaphore_4",
        "ns",
        "four tasks, two permits",
        locks::measure,
    ),
    q(
        "notify",
        "ns",
        "a round trip between two tasks",
        locks::measure,
    ),
    q(
        "timer_drop",
        "ns",
        "make, poll and drop a sleep",
        timers::measure,
    ),
    q(
        "timer_drop_busy",
        "ns",
        "the same beside 10,000 sleepers",
        timers::measure,
    ),
    q(
        "timer_drop_4",
        "ns",
        "four tasks make, poll and drop sleeps",
        timers::measure,
    ),
    q(
        "timer_late",
        "us",
        "how late a sleep of 2 ms ends, median",
        timers::measure,
    ),
    q(
        "sleepers",
        "ns",
        "a million sleepers: make, end, per sleeper",
        timers::measure,
    ),
    q(
        "blocking_one",
        "ns",
        "spawn_blocking and await",
        blocking::measure,
    ),
    q(
        "blocking_burst",
        "ns",
        "1,000 closures at once",
        blocking::measure,
    ),
    q(
        "echo_1",
        "ns",
        "TCP echo of 64 bytes, one connection, processor time",
        echo::measure,
    ),
    q("echo_64", "ns", "64 connections", echo::measure),
    q("echo_512", "ns", "512 connections", echo::measure),
    q("echo_4096", "ns", "4,096 connections", echo::measure),
    q(
        "echo_deep",
        "ns",
        "64 connections, 16 requests in flight each",
        echo::measure,
    ),
    q(
        "churn",
        "ns",
        "connect, one request, close; processor time",
        echo::measure,
    ),
    q(
        "udp",
        "ns",
        "UDP round trip of 64 bytes, processor time",
        datagrams::measure,
    ),
    q(
        "unix",
        "ns",
        "unix stream round trip of 64 bytes, processor time",
        datagrams::measure,
    ),
    q(
        "http_1",
        "ns",
        "hyper, keep-alive, 1 connection, processor time of server",
        http::measure,
    ),
    q(
        "http",
        "ns",
        "hyper, keep-alive, 64 connections, processor time of the server",
        http::measure,
    ),
    q(
        "http_512",
        "ns",
        "hyper, keep-alive, 512 connections, processor time of the server",
        http::measure,
    ),
    q(
        "http_wrk",
        "ns",
        "the same with 64, asked by wrk",
        http::measure,
    ),
    q(
        "read_4k",
        "ns",
        "read 4 KiB of an open file, cached",
        files::measure,
    ),
    q(
        "read_file",
        "ns",
        "fs::read of 4 KiB, cached",
        files::measure,
    ),
    q(
        "read_2000",
        "ns",
        "2,000 files of 4 KiB at once, cached",
        files::measure,
    ),
    q(
        "read_large",
        "ns",
        "fs::read of 2 MiB, cached",
        files::measure,
    ),
    q(
        "read_cold",
        "ns",
        "fs::read of 64 KiB, not cached",
        files::measure,
    ),
    q("metadata", "ns", "fs::metadata, cached", files::measure),
    q("write_sync", "ns", "write 4 KiB and sync", files::measure),
    q("process", "ns", "run /bin/true and wait", process::measure),
    q(
        "process_large",
        "ns",
        "the same from a process of 512 MiB",
        process::measure,
    ),
    q(
        "stuck_worker",
        "us",
        "how late others' 1 ms sleeps end while a worker is stuck 50 ms, worst",
        stuck_worker::measure,
    ),
    q("task_bytes", "B", "memory of an idle task", memory::measure),
    q(
        "sleeper_bytes",
        "B",
        "memory of a sleeping task",
        memory::measure,
    ),
    q(
        "connection_bytes",
        "B",
        "memory of an idle TCP connection with its task",
        memory::measure,
    ),
    q(
        "channel_bytes",
        "B",
        "memory of an mpsc channel of 16, unused",
        memory::measure,
    ),
];

/// The benchmark of this name.
pub fn named(name: &str) -> Option<&'static Benchmark> {
    ALL.iter().find(|benchmark| benchmark.name == name)
}
