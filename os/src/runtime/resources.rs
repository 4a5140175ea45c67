//! What a builder starts with each of its runtimes, and what ends with them.

use std::io;

use super::shutdown::shutdown;
use super::start_watchdog::start_watchdog;
use crate::context::{Handle, Resource};
use crate::observability::WatchdogConfig;
use crate::sys::prepare_stack_signal;

/// Starts a resource for a runtime that was just built.
pub(super) type StartResource = Box<dyn Fn(&Handle) -> io::Result<Resource> + Send + Sync>;

/// Starts the watchdog and each of `resources` for the runtime of `handle`, which ends if one fails.
pub(super) fn start_resources(
    watchdog: Option<&WatchdogConfig>,
    resources: &[StartResource],
    handle: &Handle,
) -> io::Result<()> {
    let start_all = || {
        if let Some(config) = watchdog {
            prepare_stack_signal(handle.inner.stack_signal)?;
            start_watchdog(config, handle)?;
        }
        for start in resources {
            let resource = start(handle)?;
            handle.inner.resources.lock().push(resource);
        }
        Ok(())
    };
    // The threads that did start end, and with them goes all that was made.
    start_all().inspect_err(|_| drop(shutdown(handle, None)))
}
