//! The end of a runtime: tasks, then driver and timers, then threads.

use std::io;
use std::time::{Duration, Instant};

use crate::context::{Handle, enter_context, may_wait_for_shutdown};
use crate::driver;
use crate::scheduler::Spawner;

/// Ends the runtime; waits at most `limit` for what still runs.
pub(super) fn shutdown(handle: &Handle, limit: Option<Duration>) {
    let waits = limit != Some(Duration::ZERO) && may_wait_for_shutdown();
    let limit = if waits { limit } else { Some(Duration::ZERO) };
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let left = || deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let blocking = &handle.inner.blocking;
    match &handle.inner.spawner {
        Spawner::CurrentThread(scheduler) => {
            enter_context(handle, || scheduler.shutdown());
        }
        #[cfg(feature = "rt-multi-thread")]
        Spawner::MultiThread(scheduler) => {
            scheduler.stop();
            scheduler.wait_ended(left());
        }
    }
    if let Some(probes) = handle.inner.spawner.probes() {
        probes.stop(waits);
    }
    blocking.close();
    blocking.wait(left());
}

/// Whether `error` says that a runtime has shut down under an operation.
pub fn is_rt_shutdown_err(error: &io::Error) -> bool {
    driver::is_shutdown_error(error)
}
