//! The inspector over real sockets, as browsers, scrapers and careless clients use it.

mod client;

mod endpoints;

mod tasks;

mod trouble;

mod access;

mod limits;

mod stuck_workers;

#[cfg(all(target_os = "linux", feature = "systemd"))]
mod systemd;

#[cfg(unix)]
mod unix;

#[cfg(feature = "opentelemetry")]
mod open_telemetry;
