//! The errors of operations whose driver has shut down, or belongs to another process.

use std::error::Error;
use std::{fmt, io};

#[derive(Debug)]
struct RuntimeShutdown;

impl fmt::Display for RuntimeShutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("A Tokio 1.x context was found, but it is being shutdown. (Selkie's runtime)")
    }
}

impl Error for RuntimeShutdown {}

/// What operations return once their runtime shuts down.
#[cfg(any(feature = "reactor", feature = "io-std"))]
pub(crate) fn shutdown_error() -> io::Error {
    io::Error::other(RuntimeShutdown)
}

/// What operations return in a process that was forked after their driver was made.
#[cfg(feature = "reactor")]
pub(super) fn forked_error() -> io::Error {
    io::Error::other("this belongs to a runtime of the process that this one was forked from")
}

/// Whether `error` comes from [`shutdown_error`].
pub(crate) fn is_shutdown_error(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<RuntimeShutdown>())
}
