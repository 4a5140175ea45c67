//! The shutdown of a runtime, whichever thread shuts it down.
//!
//! Idea        There is one order of steps. No task is polled any more. Each worker drops its own tasks. The last worker
//!             closes driver and timers, so that whoever waits for them gets an error; if a worker is stuck in its poll,
//!             they are closed after a short grace period. Blocking closures that have not begun are cancelled. The threads
//!             are joined. All steps share one time limit. Where waiting is not allowed the limit is zero, and everything
//!             else happens all the same.
//! Invariants  I1 nobody waits for an operation of a driver, or for a timer, that has closed, and nobody waits for ever
//!                because neither has.
//!             I2 the panic for a shutdown in the wrong place comes last.
//!             I3 code of the program runs on the thread that shuts down a runtime of several workers only if there is no
//!                limit, or if no thread can be started.
//! Rejected    Closing driver and timers only when every task is dropped: a thread that blocks on a timer would keep the
//!             shutdown from ending, and the shutdown would keep the timer from firing. Closing them first: a task in the
//!             middle of its poll would see its timer fail, just before it is cancelled.

use std::io;
use std::time::{Duration, Instant};

use super::flavor::Flavor;
use super::shutdown_report::ShutdownReport;
use crate::context::{Handle, MayWait, RuntimeTimers, may_wait_for_shutdown};
use crate::driver;

/// Ends the runtime; waits at most `limit` for what still runs. The report is made only if
/// something does.
///
/// # Panics
/// If `limit` is not zero and the calling thread drives a runtime: when the runtime has ended, as far
/// as that is possible without waiting.
#[track_caller]
pub(super) fn shutdown(
    handle: &Handle,
    flavor: &Flavor,
    limit: Option<Duration>,
) -> Option<ShutdownReport> {
    if !handle.inner.process.is_current() {
        // Its threads did not come along in the fork, and its reactor is the parent's, whose sources
        // would be forgotten: what there is of it stays until this process ends.
        std::mem::forget(handle.clone());
        return None;
    }
    let allowed = match may_wait_for_shutdown() {
        _ if limit == Some(Duration::ZERO) => MayWait::No,
        // A thread of the runtime's own would wait for itself.
        MayWait::Yes if handle.inner.blocking.is_here() => MayWait::No,
        allowed => allowed,
    };
    let limit = if allowed == MayWait::Yes {
        limit
    } else {
        Some(Duration::ZERO)
    };
    let report = end(handle, flavor, limit);
    // I2
    assert!(
        allowed != MayWait::Panics,
        "Cannot drop a runtime in a context where blocking is not allowed. This happens when a \
         runtime is dropped from within an asynchronous context."
    );
    report
}

/// Ends a runtime that could not be built whole; waits for it where that is allowed.
pub(super) fn abandon(handle: &Handle, flavor: &Flavor) {
    let limit = match may_wait_for_shutdown() {
        MayWait::Yes => None,
        MayWait::No | MayWait::Panics => Some(Duration::ZERO),
    };
    let _report = shutdown(handle, flavor, limit);
}

fn end(handle: &Handle, flavor: &Flavor, limit: Option<Duration>) -> Option<ShutdownReport> {
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let inner = &handle.inner;
    if let (Some(driver), Some(deadline)) = (&inner.driver, deadline) {
        driver.set_shutdown_deadline(deadline);
    }
    inner.blocking.begin_end();
    let resources = std::mem::take(&mut *inner.resources.lock());
    drop(resources);
    let tasks_ended = (flavor.end_tasks)(handle, limit, deadline);
    inner.blocking.close();
    let threads_ended = inner.blocking.wait(deadline);
    let report = (!tasks_ended || !threads_ended).then(|| ShutdownReport {
        closures: inner.blocking.running(),
        workers: (flavor.stuck_workers)(handle),
    });
    if let Some(watchdog) = inner.watchdog.get() {
        watchdog.stop(deadline);
    }
    report
}

/// Tells whoever waits for the runtime's driver or timers that they are gone (I1).
pub(super) fn close_driver_and_timers(handle: &Handle) {
    if let Some(driver) = &handle.inner.driver {
        driver.shut_down();
    }
    if let RuntimeTimers::Shards(shards) = &handle.inner.timers {
        shards
            .iter()
            .for_each(selkie_core::time::TimersHandle::close);
    }
}

/// Whether `error` says that a runtime has shut down under an operation.
///
/// # Examples
/// ```
/// use selkie::{net::UdpSocket, runtime::{Builder, is_rt_shutdown_err}};
///
/// let runtime = Builder::new_current_thread().enable_all().build()?;
/// let socket = runtime.block_on(UdpSocket::bind("127.0.0.1:0"))?;
/// drop(runtime);
/// // The socket is there, but nothing can wait for it any more.
/// let other = Builder::new_current_thread().build()?;
/// let error = other.block_on(socket.recv(&mut [0])).unwrap_err();
/// assert!(is_rt_shutdown_err(&error));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn is_rt_shutdown_err(error: &io::Error) -> bool {
    driver::is_shutdown_error(error)
}
