//! The end of a runtime: tasks, then driver and timers, then threads.

use std::io;
use std::time::{Duration, Instant};

use super::shutdown_report::{ShutdownReport, StuckWorker};
use crate::context::{Handle, enter_context, may_wait_for_shutdown};
use crate::driver;
use crate::scheduler::Spawner;

/// Ends the runtime; waits at most `limit` for what still runs. The report is made only if
/// something does.
pub(super) fn shutdown(handle: &Handle, limit: Option<Duration>) -> Option<ShutdownReport> {
    if !handle.inner.birth.is_here() {
        // Its threads did not come along in the fork, and its reactor is the parent's, whose sources
        // would be forgotten: what there is of it stays until this process ends.
        std::mem::forget(handle.clone());
        return None;
    }
    let waits = limit != Some(Duration::ZERO) && may_wait_for_shutdown();
    let limit = if waits { limit } else { Some(Duration::ZERO) };
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let left = || deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    if let (Some(driver), Some(deadline)) = (&handle.inner.driver, deadline) {
        driver.end_by(deadline);
    }
    let blocking = &handle.inner.blocking;
    blocking.begin_end();
    let tasks_ended = match &handle.inner.spawner {
        Spawner::CurrentThread(scheduler) => {
            enter_context(handle, || scheduler.shutdown());
            true
        }
        #[cfg(feature = "rt-multi-thread")]
        Spawner::MultiThread(scheduler) => {
            scheduler.stop();
            scheduler.wait_ended(left())
        }
    };
    blocking.close();
    let threads_ended = blocking.wait(left());
    let report = (!tasks_ended || !threads_ended).then(|| report(handle));
    if let Some(probes) = handle.inner.spawner.probes() {
        probes.stop(waits);
    }
    report
}

/// What still runs.
fn report(handle: &Handle) -> ShutdownReport {
    let spawner = &handle.inner.spawner;
    ShutdownReport {
        closures: handle.inner.blocking.running(),
        workers: match spawner {
            Spawner::CurrentThread(_) => Vec::new(),
            #[cfg(feature = "rt-multi-thread")]
            Spawner::MultiThread(scheduler) => {
                let stuck = |index| StuckWorker {
                    index,
                    thread: scheduler.counters(index).thread.get(),
                    poll: spawner.probes().and_then(|probes| probes.poll_of(index)),
                };
                scheduler.unended().into_iter().map(stuck).collect()
            }
        },
    }
}

/// Whether `error` says that a runtime has shut down under an operation.
pub fn is_rt_shutdown_err(error: &io::Error) -> bool {
    driver::is_shutdown_error(error)
}
