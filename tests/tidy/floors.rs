//! The one table of what a room may import. A room stands on rooms below it; the order of the
//! table is the order of the floors, so that it cannot hold a circle.

/// What one room may import: rooms of its own crate, and of the core.
#[derive(Debug)]
pub(crate) struct Room {
    /// The crate's folder.
    pub(crate) folder: &'static str,
    /// The room's name.
    pub(crate) name: &'static str,
    /// Rooms of the same crate, each of which stands earlier in the table.
    pub(crate) own: &'static [&'static str],
    /// For the hosted layer, rooms of the core.
    pub(crate) core: &'static [&'static str],
}

const fn core(name: &'static str, own: &'static [&'static str]) -> Room {
    Room {
        folder: "core/src",
        name,
        own,
        core: &[],
    }
}

const fn os(
    name: &'static str,
    own: &'static [&'static str],
    core: &'static [&'static str],
) -> Room {
    Room {
        folder: "os/src",
        name,
        own,
        core,
    }
}

/// Every room, from the ground up.
pub(crate) const ROOMS: &[Room] = &[
    core("log", &[]),
    core("platform", &[]),
    // What subscribers of `tracing` are told; nothing without that feature.
    core("trace", &[]),
    core("coop", &["platform"]),
    core("random", &["platform"]),
    core("macros", &["coop", "random"]),
    core("collections", &["platform"]),
    core("wake", &["platform", "collections"]),
    core("queue", &["platform", "collections"]),
    core("task", &["platform", "collections", "coop", "log"]),
    core(
        "time",
        &["platform", "trace", "collections", "wake", "coop"],
    ),
    core(
        "sync",
        // `log`: a lock that nobody comes for.
        &[
            "log",
            "platform",
            "trace",
            "collections",
            "wake",
            "queue",
            "coop",
            "time",
        ],
    ),
    core("park", &["platform", "time"]),
    core(
        "executor",
        &[
            "log",
            "platform",
            "collections",
            "coop",
            "wake",
            "queue",
            "task",
            "time",
            "park",
        ],
    ),
    // What schedulers outside build on.
    core(
        "raw",
        &[
            "platform",
            "collections",
            "wake",
            "queue",
            "task",
            "coop",
            "time",
            "sync",
            "executor",
            "random",
        ],
    ),
    core(
        "format",
        &[
            "platform",
            "collections",
            "coop",
            "wake",
            "queue",
            "task",
            "time",
            "sync",
            "park",
            "executor",
            "macros",
            "random",
        ],
    ),
    // Tests: the whole core, with an interrupt between any two steps.
    core(
        "interrupts",
        &[
            "platform",
            "collections",
            "coop",
            "wake",
            "queue",
            "task",
            "time",
            "sync",
            "park",
            "executor",
        ],
    ),
    os("threads", &[], &[]),
    // `threads`: the thread that reads standard input. `platform`: atomics of 64 bits, for the table of devices.
    os("sys", &["threads"], &["platform"]),
    // `sys`: waiting for a thread's end with a limit.
    // `coop`: an operation that is pending says so where its unit of the budget is given back.
    // `collections`: padding, for what several workers write.
    os(
        "observability",
        &["sys", "threads"],
        &["platform", "task", "coop", "collections"],
    ),
    // `platform`: a hook's panic is contained.
    // What subscribers of `tracing` are told of tasks.
    os("trace", &[], &["task", "collections"]),
    os("config", &["observability"], &["platform"]),
    // Hidden names of the macros that programs written for Tokio use.
    os("macros", &[], &["macros"]),
    os("stream", &[], &[]),
    // `platform`: locks that tests count, since wakers must not meet them.
    os("async_io", &[], &["coop", "wake", "sync", "platform"]),
    os("sync", &[], &["sync"]),
    os(
        "blocking",
        // `sys`: waiting for a thread's end with a limit.
        &["config", "observability", "sys", "threads"],
        &["platform", "coop", "task", "park", "time"],
    ),
    os(
        "driver",
        // `observability`: what a recording is to know of events.
        &["config", "sys", "threads", "async_io", "observability"],
        &["park", "time", "wake", "platform", "collections", "coop"],
    ),
    os(
        "scheduler",
        // `sys`: its clock.
        &["config", "observability", "sys"],
        &[
            "task",
            "queue",
            "park",
            "coop",
            "platform",
            "collections",
            "time",
            "wake",
            "random",
        ],
    ),
    os(
        "context",
        // `sys`: whether the process was forked since the runtime was made.
        &[
            "config",
            "sys",
            "scheduler",
            "driver",
            "blocking",
            "observability",
            "trace",
        ],
        // `sync`: its blocking methods ask whether the thread may block.
        &[
            "coop", "task", "time", "platform", "sync", "executor", "random",
        ],
    ),
    os(
        "runtime",
        &[
            "config",
            "sys",
            "threads",
            "context",
            "driver",
            "blocking",
            "scheduler",
            "observability",
            "trace",
            // A dump is made on another thread.
            "sync",
        ],
        &["coop", "task", "time", "park", "platform"],
    ),
    os(
        "task",
        &[
            "config",
            "context",
            "runtime",
            "scheduler",
            "blocking",
            "observability",
            "trace",
            "sync",
        ],
        &["coop", "task", "time", "wake", "platform", "collections"],
    ),
    os(
        "source",
        &["async_io", "context", "driver", "sys"],
        &["coop", "wake", "platform"],
    ),
    // `task`: who has moved the clock gives way.
    os(
        "time",
        &["sys", "async_io", "driver", "source"],
        &["task", "time"],
    ),
    os(
        "signal",
        &[
            "sys", "threads", "context", "driver", "source", "sync", "runtime",
        ],
        &["coop", "platform", "sync"],
    ),
    os(
        "net",
        &[
            "sys", "async_io", "context", "driver", "source", "blocking", "task",
        ],
        &["coop", "platform"],
    ),
    os("uring", &["context", "driver"], &["coop"]),
    os(
        "fs",
        &[
            "sys", "threads", "async_io", "context", "driver", "blocking", "task", "sync",
        ],
        &["coop", "platform", "wake"],
    ),
    // `source`, and what it stands on: a terminal or pipe on the input is watched, not waited for.
    // `sync`: a thread of no runtime answers what it read.
    os(
        "stdio",
        &[
            "sys", "threads", "async_io", "context", "driver", "source", "blocking", "task", "fs",
        ],
        &["coop", "sync"],
    ),
    // `blocking` and `task`: on Windows the pipes of a child are read on the blocking pool.
    os(
        "process",
        &[
            "sys", "threads", "async_io", "context", "driver", "source", "blocking", "task",
            "signal", "stdio",
        ],
        &["coop", "platform", "task"],
    ),
    // The public door: what stands low, and what stands on the driver, under one path, as with Tokio.
    os("io", &["async_io", "source", "stdio"], &[]),
];

/// Macros at a crate's root, and the room that each stands in.
pub(crate) const MACROS: &[(&str, &str)] = &[
    ("array_of", "platform"),
    ("maybe_const", "platform"),
    ("context_cell", "platform"),
    ("context_word", "platform"),
    ("process_static", "platform"),
    ("select", "macros"),
    ("join", "macros"),
    ("try_join", "macros"),
    ("pin", "macros"),
];
