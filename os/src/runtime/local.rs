//! A runtime that stays on one thread, so that its tasks need not be `Send`.
//!
//! Invariants  I1 a `LocalRuntime` never leaves the thread that built it: that thread drives it, spawns onto it with
//!                [`spawn_local`](LocalRuntime::spawn_local), and shuts it down.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use selkie_core::raw::task::next_id;
use selkie_core::task::JoinHandle;

use super::current_thread::scheduler;
use super::runtime::Runtime;
use super::shutdown_report::ShutdownReport;
use crate::context::{EnterGuard, Handle};
use crate::trace::{self, Kind};

/// A current-thread runtime that stays on the thread that built it: its tasks need not be `Send`.
///
/// [`task::spawn_local`](crate::task::spawn_local) works in all its tasks and in the future given
/// to [`block_on`](Self::block_on), without a [`LocalSet`](crate::task::LocalSet). Handles may go
/// to other threads and spawn `Send` tasks from there.
///
/// Dropping it cancels every task, as for a [`Runtime`].
///
/// # Examples
/// ```
/// use std::rc::Rc;
/// use selkie::runtime::{Builder, LocalOptions};
///
/// let runtime = Builder::new_current_thread().build_local(LocalOptions::default())?;
/// let word = Rc::new("not Send");
/// let length = runtime.block_on(async move {
///     selkie::task::spawn_local(async move { word.len() }).await
/// });
/// assert_eq!(length.unwrap(), 8);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct LocalRuntime {
    runtime: Runtime,
    /// Neither `Send` nor `Sync` (I1).
    _here: PhantomData<Rc<()>>,
}

/// Options of a [`LocalRuntime`]; there are none yet.
///
/// # Examples
/// ```
/// use selkie::runtime::{Builder, LocalOptions};
///
/// let runtime = Builder::new_current_thread().build_local(LocalOptions::default())?;
/// assert_eq!(runtime.block_on(async { 1 }), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LocalOptions {
    /// Options may come that may be used on one thread only.
    _here: PhantomData<Rc<()>>,
}

impl LocalRuntime {
    pub(super) fn from_runtime(runtime: Runtime) -> Self {
        Self {
            runtime,
            _here: PhantomData,
        }
    }

    /// The runtime's handle.
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Spawns `future`, which need not be `Send`; it runs whenever somebody is in
    /// [`block_on`](Self::block_on).
    ///
    /// # Examples
    /// ```
    /// use std::rc::Rc;
    /// use selkie::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let numbers = Rc::new([1, 2, 3]);
    /// let sum = runtime.spawn_local(async move { numbers.iter().sum::<i32>() });
    /// assert_eq!(runtime.block_on(sum).unwrap(), 6);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (id, location) = (next_id(), Location::caller());
        let future = trace::task(future, Kind::Local, None, id, location);
        scheduler(self.handle()).spawn_local(future, id, location)
    }

    /// Runs `func`, which may block, on a thread of the runtime's blocking pool.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let length = runtime.spawn_blocking(|| "blocking".len());
    /// assert_eq!(runtime.block_on(length).unwrap(), 8);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, func: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.runtime.spawn_blocking(func)
    }

    /// Runs `future` to its end, and the runtime's tasks meanwhile.
    ///
    /// # Panics
    /// If `future` panics, or if the thread drives a runtime already.
    ///
    /// # Examples
    /// ```
    /// use std::rc::Rc;
    /// use selkie::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let word = Rc::new("not Send");
    /// let length = runtime.block_on(async {
    ///     let word = word.clone();
    ///     selkie::task::spawn_local(async move { word.len() }).await.unwrap()
    /// });
    /// assert_eq!(length, 8);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Enters the runtime's context until the guard drops.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let _guard = runtime.enter();
    /// let task = selkie::task::spawn_local(async { 1 });
    /// assert_eq!(runtime.block_on(task).unwrap(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// Shuts the runtime down, and waits at most `duration` for blocking closures to end.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// runtime.spawn_local(std::future::pending::<()>());
    /// // The task is dropped; there is nothing that blocks.
    /// runtime.shutdown_timeout(Duration::from_secs(1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_timeout(self, duration: Duration) {
        self.runtime.shutdown_timeout(duration);
    }

    /// As [`shutdown_timeout`](Self::shutdown_timeout), and says which closures still block; see
    /// [`Runtime::shutdown_with_report`]. Beyond Tokio.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::LocalRuntime;
    ///
    /// let (stop, stopped) = std::sync::mpsc::channel::<()>();
    /// let runtime = LocalRuntime::new()?;
    /// let (begun, has_begun) = std::sync::mpsc::channel();
    /// runtime.spawn_blocking(move || {
    ///     begun.send(()).unwrap();
    ///     stopped.recv().ok();
    /// });
    /// has_begun.recv().unwrap();
    /// let report = runtime.shutdown_with_report(Duration::from_millis(1));
    /// assert_eq!(report.blocking().len(), 1, "{report}");
    /// drop(stop);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use = "the report says what still runs"]
    pub fn shutdown_with_report(self, duration: Duration) -> ShutdownReport {
        self.runtime.shutdown_with_report(duration)
    }

    /// Shuts the runtime down without waiting for blocking closures.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let handle = runtime.handle().clone();
    /// runtime.shutdown_background();
    /// let late = handle.spawn(async {});
    /// assert!(late.is_finished(), "cancelled at once");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_background(self) {
        self.runtime.shutdown_background();
    }
}
