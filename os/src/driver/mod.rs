//! The readiness driver: how a thread sleeps until a source is ready.
//!
//! A worker that has nothing to do parks in a driver, which waits in the poller of the system (epoll, kqueue, IOCP, by
//! mio) until a source is ready, a signal has come, or a ring has completions. [`build`] makes a driver per reactor, and
//! a [`Handle`], by which sources are registered. A source has a [`Registration`], which owns a slot; operations look at
//! the readiness in the slot, try, and wait if the system call would block. Without the features that need a reactor,
//! driver and handle are types without values.

mod config;

#[cfg(feature = "reactor")]
mod conversion;
mod error;

#[cfg(feature = "reactor")]
mod word;

#[cfg(feature = "reactor")]
mod retry;

#[cfg(feature = "reactor")]
mod waiters;

#[cfg(feature = "reactor")]
mod slot;

#[cfg(feature = "reactor")]
mod slots;

#[cfg(io_uring)]
mod uring;

#[cfg(feature = "reactor")]
mod rings;

#[cfg(feature = "reactor")]
mod handle;

#[cfg(all(feature = "signal", unix))]
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

#[cfg(feature = "reactor")]
mod operation;

#[cfg(not(feature = "reactor"))]
mod disabled;

pub(crate) use config::Config;
#[cfg(not(feature = "reactor"))]
pub(crate) use disabled::{Handle, build};
#[cfg(feature = "reactor")]
pub(crate) use driver::build;
pub(crate) use error::is_shutdown_error;
#[cfg(any(feature = "io-std", all(io_uring, feature = "net")))]
pub(crate) use error::shutdown_error;
#[cfg(feature = "reactor")]
pub(crate) use handle::Handle;
#[cfg(feature = "reactor")]
pub(crate) use registration::Registration;
#[cfg(feature = "reactor")]
pub(crate) use retry::{TransferCall, retry_call};
#[cfg(all(feature = "signal", unix))]
pub(crate) use signal::SignalListener;
#[cfg(all(feature = "net", unix))]
pub(crate) use slot::ReadyEvent;
#[cfg(feature = "net")]
pub(crate) use slots::SourceKind;
#[cfg(all(test, io_uring, feature = "net"))]
pub(crate) use uring::tests::stub;
#[cfg(all(io_uring, feature = "net"))]
pub(crate) use uring::{
    BufferPool, Completion, OperationKind, OperationStatus, ProvidedBuffer, RegisteredFile,
};
#[cfg(io_uring)]
pub(crate) use uring::{OperationBuffer, Payload, Ring, outcome_error};
#[cfg(feature = "reactor")]
pub(crate) use waiters::Direction;
