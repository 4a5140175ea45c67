//! The errors of operations whose driver has shut down, or belongs to another process.

use std::error::Error;
use std::{fmt, io};

/// Why a driver does nothing any more.
#[derive(Debug, PartialEq)]
#[allow(dead_code, reason = "without a reactor there is nothing to fork")]
enum DriverError {
    RuntimeShutdown,
    Forked,
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RuntimeShutdown => {
                "A Tokio 1.x context was found, but it is being shutdown. (Selkie's runtime)"
            }
            Self::Forked => {
                "this belongs to a runtime of the process that this one was forked from"
            }
        })
    }
}

impl Error for DriverError {}

/// What operations return once their runtime shuts down.
#[cfg(any(feature = "reactor", feature = "io-std"))]
#[cold]
pub(crate) fn shutdown_error() -> io::Error {
    io::Error::other(DriverError::RuntimeShutdown)
}

/// What operations return in a process that was forked after their driver was made.
#[cfg(feature = "reactor")]
#[cold]
pub(super) fn forked_error() -> io::Error {
    io::Error::other(DriverError::Forked)
}

/// Whether `error` comes from [`shutdown_error`].
pub(crate) fn is_shutdown_error(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref()) == Some(&DriverError::RuntimeShutdown)
}
