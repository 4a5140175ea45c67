//! Shows a running Selkie runtime: in a browser, to Prometheus, on the command line.
//!
//! One line in the program, and its runtime can be looked at while it runs:
//!
//! ```
//! #[selkie::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Ends when it is dropped; `detach` lets it run until the process ends.
//!     let _inspector = selkie_inspect::serve("127.0.0.1:0")?;
//!     // … the program …
//!     Ok(())
//! }
//! ```
//! With the facade named `tokio` and its feature `inspect`, a program needs no line at all, but an environment variable:
//! `SELKIE_INSPECT=127.0.0.1:6669 ./program`.
//!
//! | path | what |
//! |---|---|
//! | `/` | a live page: workers, tasks, queues, timers, the blocking pool |
//! | `/metrics` | every figure, in Prometheus's text format; see below |
//! | `/tasks` | each task, or with `?by=place` each place that spawns: polls, busy, queued and idle time, longest poll; JSON, or text as `/tasks.txt` |
//! | `/trace?seconds=5` | everything the workers do for that time, as a file for <https://ui.perfetto.dev> |
//! | `/dump` | where each task waits, as backtraces; JSON, or text as `/dump.txt` |
//! | `/api/stats` | the figures of one runtime, in JSON |
//!
//! `/tasks` takes `sort`, `order`, `filter` and `limit`; `/dump` takes `filter`, `id` and `limit`. `?runtime=NAME` chooses among several runtimes; without it the first one answers.
//!
//! # What it costs
//! The inspector has a thread of its own, with a runtime of its own. It reads counters that the workers count anyway, so
//! a request never stops a worker, and a runtime whose workers are all stuck can be looked at, too. Three things are work
//! for the workers, and begin when they are asked for: a dump polls each task once more than it needs; the first look at
//! tasks, by `/tasks` or the page, switches their statistics on, which stay on
//! ([`Handle::track_tasks`](selkie::runtime::Handle::track_tasks) has the cost); a trace records while it lasts.
//!
//! # Who can reach it
//! It listens on a loopback address, or on a Unix socket that its owner alone may use. Any other address needs a
//! [token](Builder::token). Without a token requests have to name `localhost` or a loopback address in their `Host` header,
//! and pages of other sites are refused, so that no web page that is open in a browser on this machine can read it.
//!
//! # In a server that there is already
//! [`Inspector::service`] is a service of tower, for axum, hyper and others:
//! ```ignore
//! let inspector = selkie_inspect::Inspector::builder().start()?;
//! let router = axum::Router::new().nest_service("/inspect", inspector.service());
//! ```
//!
//! # Metrics
//! Names begin with `selkie_`, counters end with `_total`, times are seconds. The label `runtime` is the runtime's name
//! or number, `worker` is a worker's number. Histograms of polls and of queued times are there if the runtime's builder
//! asked for them (`enable_metrics_poll_time_histogram`, `enable_metrics_schedule_latency_histogram`).
//!
//! With the feature `opentelemetry`, `observe` registers the same figures as instruments of a meter.

mod address;

mod access;

mod reply;

mod runtimes;

mod instruments;

mod histograms;

mod table;

mod endpoints;

mod thread;

mod server;

mod service;

mod inspector;

#[cfg(feature = "environment")]
mod environment;

#[cfg(feature = "opentelemetry")]
mod open_telemetry;

#[cfg(all(target_os = "linux", feature = "systemd"))]
pub mod systemd;

pub use address::{Address, ParseAddressError};
pub use inspector::{Builder, InspectError, Inspector};
#[cfg(feature = "opentelemetry")]
pub use open_telemetry::observe;
pub use reply::Body;
pub use service::InspectService;

/// Shows the runtime that the caller is in, on `address`: `127.0.0.1:6669`, `unix:/run/app.sock`. Port 0 takes any free
/// one.
///
/// # Errors
/// [`InspectError`] says which: no runtime, no address, an address that others can reach (which needs a
/// [token](Builder::token)), or one that cannot be listened on.
pub fn serve(address: &str) -> Result<Inspector, InspectError> {
    Inspector::builder().serve(address)
}
