//! A join handle whose drop aborts its task.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use selkie_core::task::{AbortHandle, JoinError, JoinHandle};

/// A task that is aborted when this is dropped; awaited, it gives what the join handle gives.
/// Beyond Tokio.
///
/// # Cancel safety
/// Polled by reference in a `select!`, nothing is lost when another branch completes first; dropped,
/// the task is aborted, which it notices at its next await: the drop does not wait for it.
///
/// # Examples
/// ```
/// use selkie::task::AbortOnDrop;
///
/// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let task = AbortOnDrop::new(selkie::spawn(async { 42 }));
/// assert_eq!(task.await.unwrap(), 42);
///
/// let forever = selkie::spawn(std::future::pending::<()>());
/// let watch = forever.abort_handle();
/// drop(AbortOnDrop::new(forever));
/// selkie::task::yield_now().await;
/// assert!(watch.is_finished());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it aborts the task"]
pub struct AbortOnDrop<T> {
    /// There until it is detached.
    handle: Option<JoinHandle<T>>,
}

impl<T> AbortOnDrop<T> {
    /// Has the task of `handle` aborted when this is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::AbortOnDrop;
    ///
    /// let task = selkie::spawn(std::future::pending::<()>());
    /// let handle = task.abort_handle();
    /// {
    ///     let _guard = AbortOnDrop::new(task);
    ///     // An early return, an error or a panic here stops the task.
    /// }
    /// selkie::task::yield_now().await;
    /// assert!(handle.is_finished());
    /// # }
    /// ```
    pub fn new(handle: JoinHandle<T>) -> Self {
        Self {
            handle: Some(handle),
        }
    }

    /// The join handle; dropping that one does not abort.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::AbortOnDrop;
    ///
    /// let guard = AbortOnDrop::new(selkie::spawn(async { "finished" }));
    /// // From here on the task may outlive this function.
    /// let task = guard.detach();
    /// assert_eq!(task.await.unwrap(), "finished");
    /// # }
    /// ```
    pub fn detach(mut self) -> JoinHandle<T> {
        self.handle.take().expect("detached once")
    }

    /// A handle that can abort the task and cannot join it.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::AbortOnDrop;
    ///
    /// let task = AbortOnDrop::new(selkie::spawn(std::future::pending::<()>()));
    /// task.abort_handle().abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn abort_handle(&self) -> AbortHandle {
        self.handle().abort_handle()
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.handle().is_finished()
    }

    fn handle(&self) -> &JoinHandle<T> {
        self.handle.as_ref().expect("there until detached")
    }
}

impl<T> From<JoinHandle<T>> for AbortOnDrop<T> {
    fn from(handle: JoinHandle<T>) -> Self {
        Self::new(handle)
    }
}

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self.handle.as_mut().expect("there until detached");
        Pin::new(handle).poll(cx)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.abort();
        }
    }
}
