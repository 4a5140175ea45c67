//! An owned runtime, which shuts down when it is dropped.

use std::future::Future;
use std::time::Duration;

use selkie_core::task::JoinHandle;

use super::block_on;
use super::flavor::{Flavor, RuntimeFlavor};
use super::shutdown;
use super::shutdown_report::ShutdownReport;
use crate::context::{EnterGuard, Handle};
use crate::scheduler::SchedulerKind;

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
    flavor: &'static Flavor,
    /// Whether the runtime has been shut down already.
    ended: bool,
}

impl Runtime {
    pub(super) fn built(handle: Handle, flavor: &'static Flavor) -> Self {
        Self {
            handle,
            flavor,
            ended: false,
        }
    }

    /// Ends the runtime, which could not be built whole.
    pub(super) fn abandon(mut self) {
        self.ended = true;
        shutdown::abandon(&self.handle, self.flavor);
    }

    /// The runtime's handle.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Spawns `future` onto the runtime; it begins to run whether or not the join handle is
    /// awaited, on a current-thread runtime whenever somebody calls `block_on`.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
    /// // From a thread that runs no tasks.
    /// let task = runtime.spawn(async { 6 * 7 });
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs `func`, which may block, on a thread of the runtime's blocking pool.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// let sum = runtime.spawn_blocking(|| (1..=1000).sum::<u32>());
    /// assert_eq!(runtime.block_on(sum).unwrap(), 500_500);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// let mut log = vec!["before"];
    /// // The future may borrow, and its value comes back.
    /// let length = runtime.block_on(async {
    ///     selkie::spawn(async {}).await.unwrap();
    ///     log.push("inside");
    ///     log.len()
    /// });
    /// assert_eq!((length, log.len()), (2, 2));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        block_on::runtime(&self.handle, self.flavor, future)
    }

    /// Enters the runtime's context until the guard drops.
    ///
    /// # Examples
    /// ```
    /// use selkie::{net::UdpSocket, runtime::Builder};
    ///
    /// let runtime = Builder::new_current_thread().enable_all().build()?;
    /// let socket = {
    ///     // What is made by a plain function call needs the runtime around it.
    ///     let _guard = runtime.enter();
    ///     let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    ///     socket.set_nonblocking(true)?;
    ///     UdpSocket::from_std(socket)?
    /// };
    /// assert!(socket.local_addr()?.port() > 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Shuts the runtime down, and waits at most `duration` for tasks and closures to end; those
    /// that have not by then go on in threads that nobody waits for.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::Builder;
    ///
    /// let (stop, stopped) = std::sync::mpsc::channel::<()>();
    /// let runtime = Builder::new_current_thread().build()?;
    /// runtime.spawn_blocking(move || stopped.recv());
    /// // A drop would wait for the closure, which waits for us.
    /// runtime.shutdown_timeout(Duration::from_millis(1));
    /// drop(stop);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Builder;
    ///
    /// let inner = Builder::new_current_thread().build().unwrap();
    /// let task = inner.spawn(std::future::pending::<()>());
    /// // In a task, where dropping a runtime would panic.
    /// inner.shutdown_background();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn shutdown_background(self) {
        self.shutdown_timeout(Duration::ZERO);
    }

    fn end(&mut self, limit: Option<Duration>) -> Option<ShutdownReport> {
        if std::mem::replace(&mut self.ended, true) {
            return None;
        }
        shutdown::shutdown(&self.handle, self.flavor, limit)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.end(None);
    }
}

impl Handle {
    /// Which scheduler the runtime has.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::{Handle, RuntimeFlavor};
    ///
    /// // `block_in_place` needs somebody to hand the other tasks to.
    /// let can_block_in_place = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
    /// assert!(!can_block_in_place);
    /// # }
    /// ```
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        match self.inner.spawner.kind() {
            SchedulerKind::CurrentThread(_) => RuntimeFlavor::CurrentThread,
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(_) => RuntimeFlavor::MultiThread,
        }
    }
}
