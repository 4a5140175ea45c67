//! An owned runtime, which shuts down when it is dropped.

use std::future::Future;
use std::time::Duration;

use selkie_core::task::JoinHandle;

use super::block_on;
use super::shutdown;
use super::shutdown_report::ShutdownReport;
use crate::context::{EnterGuard, Handle};
use crate::scheduler::Spawner;

/// An async runtime: scheduler, driver, timers and blocking pool.
///
/// Dropping it cancels every task at its next await and waits until all have been dropped, and
/// until every blocking closure that has begun has ended; see
/// [`shutdown_timeout`](Self::shutdown_timeout) to wait less.
///
/// # Panics
/// Dropped by a task, that is, on a thread that drives a runtime.
///
/// # Examples
/// ```
/// let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// let four = runtime.block_on(async { 2 + 2 });
/// assert_eq!(four, 4);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
    /// Whether the runtime has been shut down already.
    ended: bool,
}

/// Which scheduler a runtime has.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// Tasks run on the thread that calls `block_on`.
    CurrentThread,
    /// Tasks run on worker threads.
    MultiThread,
}

impl Runtime {
    pub(super) fn from_handle(handle: Handle) -> Self {
        Self {
            handle,
            ended: false,
        }
    }

    /// The runtime's handle.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Spawns `future` onto the runtime; it begins to run whether or not the join handle is
    /// awaited, on a current-thread runtime whenever somebody calls `block_on`.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs `func`, which may block, on a thread of the runtime's blocking pool.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, func: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_blocking(func)
    }

    /// Runs `future` to its end on the calling thread, and on a current-thread runtime the
    /// runtime's tasks meanwhile.
    ///
    /// # Panics
    /// If `future` panics, or if the thread drives a runtime already.
    ///
    /// # Cost
    /// No allocation; on a current-thread runtime two atomic operations.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        block_on::runtime(&self.handle, future)
    }

    /// Enters the runtime's context until the guard drops.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Shuts the runtime down, and waits at most `duration` for tasks and closures to end; those
    /// that have not by then go on in threads that nobody waits for.
    pub fn shutdown_timeout(mut self, duration: Duration) {
        self.end(Some(duration));
    }

    /// As [`shutdown_timeout`](Self::shutdown_timeout), and says what has not ended within
    /// `duration`: the closures that still block, the workers that are still in a poll. Beyond
    /// Tokio.
    ///
    /// What the report names goes on in its thread, and the thread ends when it returns.
    ///
    /// # Panics
    /// In a task, that is, on a thread that drives a runtime.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = selkie::runtime::Builder::new_current_thread().build()?;
    /// let report = runtime.shutdown_with_report(Duration::from_secs(1));
    /// assert!(report.is_complete(), "{report}");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use = "the report says what still runs"]
    pub fn shutdown_with_report(mut self, duration: Duration) -> ShutdownReport {
        self.end(Some(duration)).unwrap_or_default()
    }

    /// Shuts the runtime down without waiting; may be called in a task.
    pub fn shutdown_background(self) {
        self.shutdown_timeout(Duration::ZERO);
    }

    fn end(&mut self, limit: Option<Duration>) -> Option<ShutdownReport> {
        if std::mem::replace(&mut self.ended, true) {
            return None;
        }
        shutdown::shutdown(&self.handle, limit)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.end(None);
    }
}

impl Handle {
    /// Which scheduler the runtime has.
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        match self.inner.spawner {
            Spawner::CurrentThread(_) => RuntimeFlavor::CurrentThread,
            #[cfg(feature = "rt-multi-thread")]
            Spawner::MultiThread(_) => RuntimeFlavor::MultiThread,
        }
    }
}
