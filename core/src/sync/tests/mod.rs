//! Tests against sequential models, and scenarios that bit other runtimes.

mod harness;

#[cfg(feature = "std")]
mod batches;

#[cfg(feature = "alloc")]
mod broadcast;

#[cfg(feature = "std")]
mod budget;

#[cfg(feature = "std")]
mod budget_models;

#[cfg(feature = "std")]
mod changelog;

#[cfg(feature = "alloc")]
mod end;

mod fixed;

mod fixed_watch;

mod locks;

mod once;

mod pipe;

#[cfg(feature = "embedded-hal")]
mod pins;

#[cfg(feature = "futures")]
mod streams;

#[cfg(feature = "alloc")]
mod mpsc;

#[cfg(feature = "alloc")]
mod mpsc_unbounded;

#[cfg(feature = "alloc")]
mod notify;

#[cfg(feature = "alloc")]
mod oneshot;

#[cfg(feature = "std")]
mod panics;

#[cfg(feature = "std")]
mod guards;

#[cfg(feature = "alloc")]
mod regressions;

#[cfg(feature = "alloc")]
mod semaphore;

#[cfg(feature = "alloc")]
mod watch;

mod wakers;
