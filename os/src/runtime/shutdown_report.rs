//! What still runs when the shutdown of a runtime has reached its time limit.

use std::fmt;
use std::thread::ThreadId;

use crate::blocking::BlockedClosure;
use crate::observability::StalledPoll;

/// What has not ended within the time that a shutdown was given; see
/// [`Runtime::shutdown_with_report`](super::Runtime::shutdown_with_report).
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::runtime::Builder;
///
/// let (begun, has_begun) = std::sync::mpsc::channel();
/// let (stop, stopped) = std::sync::mpsc::channel::<()>();
/// let runtime = Builder::new_current_thread().build()?;
/// runtime.spawn_blocking(move || {
///     begun.send(()).unwrap();
///     stopped.recv().ok();
/// });
/// has_begun.recv().unwrap();
/// let report = runtime.shutdown_with_report(Duration::from_millis(1));
/// assert!(!report.is_complete());
/// for closure in report.blocking() {
///     eprintln!("still runs: {closure:?}");
/// }
/// drop(stop);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ShutdownReport {
    pub(super) closures: Vec<BlockedClosure>,
    pub(super) workers: Vec<StuckWorker>,
}

/// A worker that is still in the poll of a task.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::runtime::Builder;
///
/// let (begun, has_begun) = std::sync::mpsc::channel();
/// let (stop, stopped) = std::sync::mpsc::channel::<()>();
/// let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
/// runtime.spawn(async move {
///     begun.send(()).unwrap();
///     // Blocks its worker, as a task should not.
///     stopped.recv().ok();
/// });
/// has_begun.recv().unwrap();
/// let report = runtime.shutdown_with_report(Duration::from_millis(1));
/// assert_eq!(report.workers()[0].index(), 0);
/// drop(stop);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct StuckWorker {
    pub(super) index: usize,
    pub(super) thread: Option<ThreadId>,
    pub(super) poll: Option<StalledPoll>,
}

impl ShutdownReport {
    /// Whether everything has ended: no closure runs, no task is polled, every thread is gone.
    pub fn is_complete(&self) -> bool {
        self.closures.is_empty() && self.workers.is_empty()
    }

    /// The closures on the blocking pool that still run.
    pub fn blocking(&self) -> &[BlockedClosure] {
        &self.closures
    }

    /// The workers that are still in the poll of a task. While there is one, tasks that wait have
    /// not been dropped.
    pub fn workers(&self) -> &[StuckWorker] {
        &self.workers
    }
}

impl fmt::Display for ShutdownReport {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_complete() {
            return f.write_str("everything has ended");
        }
        let mut separator = "";
        for closure in &self.closures {
            write!(f, "{separator}{closure}")?;
            separator = "; ";
        }
        for worker in &self.workers {
            write!(f, "{separator}{worker}")?;
            separator = "; ";
        }
        Ok(())
    }
}

impl StuckWorker {
    /// The worker's number.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The thread that runs the worker.
    pub fn thread_id(&self) -> Option<ThreadId> {
        self.thread
    }

    /// The task that it polls, if the runtime has a [watchdog](super::Builder::watchdog).
    pub fn poll(&self) -> Option<&StalledPoll> {
        self.poll.as_ref()
    }
}

impl fmt::Display for StuckWorker {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.poll {
            Some(poll) => poll.fmt(f),
            None => write!(f, "worker {} polls a task", self.index),
        }
    }
}
