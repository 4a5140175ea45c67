//! The runtime: it polls tasks, and wakes them when sockets have news or timers are due.
//!
//! Most programs get one from [`#[selkie::main]`](macro@crate::main). With [`Builder`] it is made by hand:
//!
//! ```
//! use selkie::runtime::Builder;
//!
//! let runtime = Builder::new_multi_thread()
//!     .worker_threads(2)
//!     .thread_name("server")
//!     .enable_all()
//!     .build()?;
//! let answer = runtime.block_on(async {
//!     let task = selkie::spawn(async { 6 * 7 });
//!     task.await.unwrap()
//! });
//! assert_eq!(answer, 42);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! `enable_all` switches on the driver of sockets, signals and child processes, and the timers. Without them those types panic
//! when they are used.
//!
//! # Flavors
//!
//! | flavor | made by | tasks run | and must be |
//! |---|---|---|---|
//! | multi-thread | [`Builder::new_multi_thread`] | on worker threads, which steal tasks from each other | `Send` |
//! | current-thread | [`Builder::new_current_thread`] | on the thread that is in [`block_on`](Runtime::block_on) | `Send` |
//! | local | [`Builder::build_local`] | on the thread that made it | anything |
//!
//! A current-thread runtime does nothing while nobody is in `block_on`. On the multi-thread one, the future given to `block_on` runs
//! on the calling thread, and tasks that it spawns on the workers.
//!
//! # The context
//!
//! Inside of a runtime, [`Handle::current`] is its handle: [`spawn`](crate::spawn), sockets and timers find it there.
//! [`Handle::enter`] makes it current on another thread. A handle is cheap to clone, and spawns from anywhere:
//!
//! ```
//! use selkie::runtime::{Builder, Handle};
//!
//! let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
//! let handle: Handle = runtime.handle().clone();
//! let thread = std::thread::spawn(move || handle.block_on(async { "from another thread" }));
//! assert_eq!(thread.join().unwrap(), "from another thread");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What a runtime promises
//!
//! - A task that was woken is polled again, if its polls and those of others end, within a bounded number of polls: each worker looks
//!   at sockets, timers and tasks from outside by the clock, however busy it is.
//! - A task that uses the operations of this crate yields after 128 of them; see [`task::coop`](crate::task::coop).
//! - A poll that does not end holds up its own task. On the multi-thread runtime, tasks, sockets and timers of that worker go to others
//!   within milliseconds.
//! - A panic in a task ends that task. Panics in hooks and wakers are contained; `docs/panics.md` has the table.
//!
//! # Its end
//!
//! Dropping a runtime cancels its tasks at their next `.await`, and waits for its threads; closures of
//! [`spawn_blocking`](crate::task::spawn_blocking) that have begun are waited for as long as they take.
//! [`Runtime::shutdown_timeout`] and [`Runtime::shutdown_background`] wait less, and
//! [`Runtime::shutdown_with_report`] says what was still running. Dropping it inside of an async function panics: that would block a worker.
//!
//! # Looking at it
//!
//! [`Handle::metrics`] has counts, queue lengths and histograms; hooks of the [`Builder`] are called for threads and tasks;
//! [`Builder::watchdog`] reports polls that last too long; with the feature `taskdump`, `Handle::dump` shows where each task waits.

mod shutdown_report;

mod shutdown;

mod build;

mod flavor;

mod current_thread;

#[cfg(feature = "rt-multi-thread")]
mod multi_thread;

mod build_hooks;

mod runtime;

mod local;

mod seed;

mod unhandled_panic;

mod requested_probes;

mod resources;

mod start_watchdog;

mod builder;

mod builder_resources;

mod builder_probes;

mod root_future;

mod block_on;

mod report;

#[cfg(feature = "taskdump")]
pub mod dump;

mod report_histograms;
mod report_resources;

mod report_format;

mod statistics;

mod recording;

#[cfg(feature = "trace-events")]
mod recording_files;

pub use crate::blocking::{BlockedClosure, BlockingKind};
pub use crate::context::{EnterGuard, Handle, Id, TryCurrentError};
pub use crate::observability::{
    HistogramConfiguration, HistogramScale, InvalidHistogramConfiguration, LogHistogram,
    LogHistogramBuilder, RecordingSnapshot, SpawnPlaceStatistics, StalledPoll, TaskMeta, TaskState,
    TaskStatistics,
};
pub use build_hooks::{BuildHooksFull, on_build};
pub use builder::Builder;
#[cfg(feature = "taskdump")]
pub use dump::Dump;
pub use flavor::RuntimeFlavor;
pub use local::{LocalOptions, LocalRuntime};
pub use recording::{Recording, RecordingConfig};
pub use report::{RuntimeMetrics, worker_index};
pub use runtime::Runtime;
pub use seed::RngSeed;
pub use shutdown::is_rt_shutdown_err;
pub use shutdown_report::{ShutdownReport, StuckWorker};
pub use unhandled_panic::UnhandledPanic;
