//! The readiness driver: how a thread sleeps until a source is ready.
//!
//! [`build`] makes a driver, which a scheduler parks in, and a [`Handle`], by which sources are
//! registered. Without the features that need a reactor both are types without values.

mod error;
#[cfg(feature = "reactor")]
mod poller;

#[cfg(feature = "reactor")]
mod word;

#[cfg(feature = "reactor")]
mod uninterrupted;

#[cfg(feature = "reactor")]
mod waiters;

#[cfg(feature = "reactor")]
mod slot;

#[cfg(feature = "reactor")]
mod slots;

#[cfg(io_uring)]
mod uring;
#[cfg(all(feature = "reactor", not(io_uring)))]
#[path = "no_uring.rs"]
mod uring;

#[cfg(feature = "reactor")]
mod handle;

#[cfg(all(feature = "signal", unix))]
mod signal;
#[cfg(all(feature = "reactor", not(all(feature = "signal", unix))))]
#[path = "no_signal.rs"]
mod signal;

#[cfg(feature = "reactor")]
mod driver;
#[cfg(feature = "reactor")]
mod reactor;
#[cfg(feature = "reactor")]
mod reactors;
#[cfg(feature = "reactor")]
mod readiness;

#[cfg(feature = "reactor")]
mod migration;
#[cfg(feature = "reactor")]
mod registration;

#[cfg(not(feature = "reactor"))]
mod absent;

#[cfg(not(feature = "reactor"))]
pub(crate) use absent::{Config, Handle, build};
#[cfg(feature = "reactor")]
pub(crate) use driver::{Config, build};
pub(crate) use error::is_shutdown_error;
#[cfg(any(feature = "io-std", all(io_uring, feature = "net")))]
pub(crate) use error::shutdown_error;
#[cfg(feature = "reactor")]
pub(crate) use handle::Handle;
#[cfg(feature = "reactor")]
pub(crate) use registration::Registration;
#[cfg(all(feature = "signal", unix))]
pub(crate) use signal::SignalListener;
#[cfg(all(feature = "net", unix))]
pub(crate) use slot::ReadyEvent;
#[cfg(feature = "net")]
pub(crate) use slots::Carries;
#[cfg(all(test, io_uring, feature = "net"))]
pub(crate) use uring::tests::stub;
#[cfg(all(io_uring, feature = "net"))]
pub(crate) use uring::{Completion, Kind, Place, Pool, Provided, Told};
#[cfg(io_uring)]
pub(crate) use uring::{Held, Payload, Ring, outcome_error};
#[cfg(feature = "reactor")]
pub(crate) use waiters::Direction;
