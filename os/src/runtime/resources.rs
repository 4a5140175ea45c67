//! What a builder starts with each of its runtimes, and what ends with them.

use std::io;

use crate::context::{Handle, Resource};

/// Starts a resource for a runtime that was just built.
pub(super) type StartResource = Box<dyn Fn(&Handle) -> io::Result<Resource> + Send + Sync>;

/// Starts the watchdog of a runtime that was just built.
pub(super) type StartWatchdog = Box<dyn Fn(&Handle) -> io::Result<()> + Send + Sync>;

/// Starts the watchdog and each of `resources` for the runtime of `handle`.
///
/// # Errors
/// That of the one that did not start; the caller ends the runtime, and with it what did start.
pub(super) fn start_resources(
    watchdog: Option<&StartWatchdog>,
    resources: &[StartResource],
    handle: &Handle,
) -> io::Result<()> {
    if let Some(start) = watchdog {
        start(handle)?;
    }
    for start in resources {
        let resource = start(handle)?;
        handle.inner.resources.lock().push(resource);
    }
    Ok(())
}
