//! How a thread of the library is started.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Starts a thread with `name` that runs `work`.
///
/// The work is boxed, so that what std compiles for a thread is compiled once for all of them.
///
/// # Errors
/// If the system has no thread.
pub(crate) fn start_library_thread(
    name: &str,
    work: Box<dyn FnOnce() + Send>,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(work)
}
