//! Work for the blocking pool.

use std::io;

use crate::blocking::BlockingKind;
use crate::task::spawn_blocking_for;

/// Runs `f` on the blocking pool.
pub(super) async fn offload<F, T>(f: F) -> io::Result<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    spawn_blocking_for(BlockingKind::File, f)
        .await
        .unwrap_or_else(|_| Err(not_run()))
}

/// The pool dropped the operation, since the runtime shuts down, or the operation panicked.
pub(super) fn not_run() -> io::Error {
    io::Error::other("background task failed")
}
