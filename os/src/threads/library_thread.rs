//! How a thread of the library is started.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Starts a thread with `name` that runs `work`, as [`start_thread`] does.
///
/// # Errors
/// If the system has no thread.
pub(crate) fn start_library_thread(
    name: &str,
    work: Box<dyn FnOnce() + Send>,
) -> io::Result<JoinHandle<()>> {
    start_thread(name.to_owned(), None, work)
}

/// Starts a thread with `name` that runs `work`, on a stack of `stack_size` bytes, or of as many as std takes.
///
/// The work is boxed, so that what std compiles for a thread is compiled once for all of them.
///
/// # Errors
/// If the system has no thread.
pub(crate) fn start_thread(
    name: String,
    stack_size: Option<usize>,
    work: Box<dyn FnOnce() + Send>,
) -> io::Result<JoinHandle<()>> {
    let mut builder = Builder::new().name(name);
    if let Some(bytes) = stack_size {
        builder = builder.stack_size(bytes);
    }
    builder.spawn(work)
}
