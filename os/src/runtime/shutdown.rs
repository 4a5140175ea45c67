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
#[cfg(feature = "rt-multi-thread")]
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::shutdown_report::{ShutdownReport, StuckWorker};
use crate::context::{Handle, MayWait, RuntimeTimers, enter_context, may_wait_for_shutdown};
use crate::driver;
use crate::scheduler::Spawner;
#[cfg(feature = "rt-multi-thread")]
use crate::threads::{start_library_thread, thread_channel};

/// Ends the runtime; waits at most `limit` for what still runs. The report is made only if
/// something does.
///
/// # Panics
/// If `limit` is not zero and the calling thread drives a runtime: when the runtime has ended, as far
/// as that is possible without waiting.
#[track_caller]
pub(super) fn shutdown(handle: &Handle, limit: Option<Duration>) -> Option<ShutdownReport> {
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
    let report = end(handle, limit);
    // I2
    assert!(
        allowed != MayWait::Panics,
        "Cannot drop a runtime in a context where blocking is not allowed. This happens when a \
         runtime is dropped from within an asynchronous context."
    );
    report
}

fn end(handle: &Handle, limit: Option<Duration>) -> Option<ShutdownReport> {
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let inner = &handle.inner;
    if let (Some(driver), Some(deadline)) = (&inner.driver, deadline) {
        driver.set_shutdown_deadline(deadline);
    }
    inner.blocking.begin_end();
    let resources = std::mem::take(&mut *inner.resources.lock());
    drop(resources);
    let tasks_ended = match &inner.spawner {
        Spawner::CurrentThread(scheduler) => enter_context(handle, || {
            close_driver_and_timers(handle);
            scheduler.shutdown(deadline);
            true
        }),
        #[cfg(feature = "rt-multi-thread")]
        Spawner::MultiThread(scheduler) => {
            scheduler.stop();
            // The last worker closes driver and timers. One that is stuck in a poll may wait for somebody
            // who waits for them.
            let grace = Instant::now() + GRACE;
            let mut ended =
                scheduler.wait_ended(Some(deadline.map_or(grace, |end| end.min(grace))));
            if !ended && limit != Some(Duration::ZERO) {
                run_aside(handle, deadline, close_driver_and_timers);
                ended = scheduler.wait_ended(deadline);
                if !ended {
                    // Those that no worker has come to, all of them being stuck.
                    let scheduler = Arc::clone(scheduler);
                    run_aside(handle, deadline, move |_| {
                        scheduler.drop_tasks_from_outside()
                    });
                }
            }
            ended
        }
    };
    inner.blocking.close();
    let threads_ended = inner.blocking.wait(deadline);
    let report = (!tasks_ended || !threads_ended).then(|| report(handle));
    if let Some(watchdog) = inner.watchdog.get() {
        watchdog.stop(deadline);
    }
    report
}

/// How long workers may take to come to the end of their polls before driver and timers close.
const GRACE: Duration = Duration::from_millis(20);

/// Runs `work`, which calls wakers and drops of the program, that may take longer than there is until `deadline`: on a
/// thread of its own, which is waited for until then, or a moment after (I3).
#[cfg(feature = "rt-multi-thread")]
fn run_aside(
    handle: &Handle,
    deadline: Option<Instant>,
    work: impl FnOnce(&Handle) + Clone + Send + 'static,
) {
    let started = deadline.and_then(|deadline| {
        let (done, wait) = thread_channel();
        let (theirs, work) = (handle.clone(), work.clone());
        let run = move || {
            enter_context(&theirs, || work(&theirs));
            // Who waits may have given up.
            let _gone = done.try_send(());
        };
        let thread = start_library_thread("selkie-end", Box::new(run));
        thread.is_ok().then_some((deadline, wait))
    });
    match started {
        Some((deadline, wait)) => {
            let left = deadline.saturating_duration_since(Instant::now());
            let _ended = wait.recv_timeout(left.max(GRACE));
        }
        // There is no limit, or the system has no thread to give.
        None => enter_context(handle, || work(handle)),
    }
}

/// Tells whoever waits for the runtime's driver or timers that they are gone (I1).
fn close_driver_and_timers(handle: &Handle) {
    if let Some(driver) = &handle.inner.driver {
        driver.shut_down();
    }
    if let RuntimeTimers::Shards(shards) = &handle.inner.timers {
        shards
            .iter()
            .for_each(selkie_core::time::TimersHandle::close);
    }
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
                let watchdog = handle.inner.watchdog.get();
                let stuck = |index| StuckWorker {
                    index,
                    thread: scheduler.counters(index).thread.get(),
                    poll: watchdog.and_then(|watchdog| watchdog.poll_of(index)),
                };
                scheduler.unended().into_iter().map(stuck).collect()
            }
        },
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
