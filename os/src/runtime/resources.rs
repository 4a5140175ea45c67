//! What a builder starts with each of its runtimes, and what ends with them.

use std::io;

use super::shutdown::shutdown;
use crate::context::{Handle, Resource};

/// Starts a resource for a runtime that was just built.
pub(super) type StartResource = Box<dyn Fn(&Handle) -> io::Result<Resource> + Send + Sync>;

/// Starts each of `resources` for the runtime of `handle`, which ends if one fails.
pub(super) fn start_resources(resources: &[StartResource], handle: &Handle) -> io::Result<()> {
    for start in resources {
        match start(handle) {
            Ok(resource) => handle.inner.resources.lock().push(resource),
            Err(error) => {
                // The threads that did start end, and with them goes all that was made.
                let _report = shutdown(handle, None);
                return Err(error);
            }
        }
    }
    Ok(())
}
