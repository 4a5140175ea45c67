//! Where the tasks of a runtime wait, for a program that seems to hang.
//!
//! ```
//! use std::time::Duration;
//!
//! use selkie::runtime::Handle;
//!
//! # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let listener = selkie::net::TcpListener::bind("127.0.0.1:0").await?;
//! let server = selkie::task::Builder::new().name("server");
//! server.spawn(async move { listener.accept().await.map(drop) })?;
//!
//! let dump = Handle::current().dump().await;
//! println!("{dump}");
//! # assert!(dump.to_string().contains("(server), spawned at"));
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//! prints, without the paths and the calls inside the driver:
//! ```text
//! 1 tasks
//!
//! task 2 (server), spawned at src/main.rs:7:8
//! program::main::{{closure}}::{{closure}} at src/main.rs:7:44
//! selkie::net::tcp::listener::TcpListener::accept::{{closure}} at net/streams.rs:424:18
//! <selkie::driver::readiness::Readiness as core::future::future::Future>::poll at driver/readiness.rs:61:16
//! ```
//! [`Builder::dump_on_signal`](crate::runtime::Builder), on Unix, has a program print this whenever it gets a signal.
//!
//! A dump is made of [traces](Trace): each task is polled once more than it needs, and each operation of this crate's
//! that is pending in that poll shows the calls which led to it. Nothing is stopped, nothing is lost. A task that waits for
//! several operations, as in `select!`, shows them as branches; the tasks of a local set are shown in the task that polls
//! the set.
//!
//! # What a dump does not show
//! - Operations of other crates that wait by themselves: their tasks have an empty trace, or show the rest.
//! - The futures that `block_on` was given: they are no tasks. On Linux there are the [calls](Dump::worker_stacks) of one that
//!   keeps its thread from all the others.
//! - A trace of a task that a worker is in the poll of: with it stands [for how long](Task::poll_duration), and on Linux
//!   in [which calls](Task::stack). If no worker is free, the other tasks are listed without a trace, too: they are the
//!   [untraced](Dump::untraced) ones.
//!
//! # What a dump needs
//! Ids, names and places of tasks are always there. Traces take the names of functions, files and lines from the
//! program's debug information. The profile `dev` has it; for `release`, `Cargo.toml` asks for it:
//! ```toml
//! [profile.release]
//! debug = "limited"
//! ```
//! With `debug = "line-tables-only"` files and lines are right, but functions have short names, without the types that
//! they belong to, and async functions none: `{async_fn#0}`. With `debug = false`, which is the default of `release`,
//! there are neither files nor lines, and functions that were inlined are left out; of a program that was stripped there
//! are addresses alone. The program runs as fast with debug information as without; its file is larger.

mod collection;

mod handle;

pub use crate::observability::dump::ThreadStack;
pub use crate::observability::dump::{
    Backtrace, BacktraceFrame, BacktraceSymbol, Dump, Root, Task, Tasks, Trace, TraceMeta,
    trace_with,
};
pub use crate::sys::NoStack;
