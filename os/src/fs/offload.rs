//! Work for the blocking pool.

use std::io;

use crate::blocking::BlockingKind;
use crate::context::Handle;

/// Runs `f` on the blocking pool.
pub(super) async fn offload<F, T>(f: F) -> io::Result<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    match Handle::current().try_spawn_blocking(BlockingKind::File, None, f) {
        Ok(task) => task.await.unwrap_or_else(|_| Err(not_run())),
        // Not as the system says it: `WouldBlock` has a meaning of its own for locks.
        Err(error) => Err(io::Error::other(format!(
            "the blocking pool has no thread: {error}"
        ))),
    }
}

/// The pool dropped the operation, since the runtime shuts down, or the operation panicked.
pub(super) fn not_run() -> io::Error {
    io::Error::other("background task failed")
}
