//! Operations for the blocking pool.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
#[cfg(unix)]
use std::sync::Arc;
use std::task::{Poll, ready};
use std::{fmt, io};

use selkie_core::raw::coop;
#[cfg(unix)]
use selkie_core::raw::platform::Lock;

use crate::blocking::BlockingKind;
use crate::context::Handle;
#[cfg(unix)]
use crate::sync::oneshot;
use crate::task::{JoinError, JoinHandle};
#[cfg(unix)]
use crate::threads::start_library_thread;

/// Runs `f` on the blocking pool. However soon that is done, the task yields once: the order in which tasks run
/// must not depend on how busy the threads of the pool are.
#[inline]
pub(super) async fn offload<F, T>(f: F) -> io::Result<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    // Boxed, so that a task is compiled per type of result, not per operation: an allocation beside a trip to a thread.
    let f: Box<dyn FnOnce() -> io::Result<T> + Send> = Box::new(f);
    match Handle::current().try_spawn_blocking(BlockingKind::File, None, f) {
        Ok(task) => outcome(task).await.unwrap_or_else(|_| Err(not_run())),
        Err(error) => Err(no_thread(error)),
    }
}

/// Runs `f` on a thread of its own, for what must not wait until the pool has one. If the system gives none,
/// the pool does it.
#[cfg(unix)]
#[inline]
pub(super) async fn offload_to_own_thread<F, T>(f: F) -> io::Result<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let call = Arc::new(Lock::new(Some(f)));
    let theirs = Arc::clone(&call);
    let take = move |call: &Lock<Option<F>>| call.lock().take().expect("it is called once");
    let work = move || {
        let f = take(&theirs);
        drop(theirs);
        // The receiver may be gone.
        let _ = sender.send(f());
    };
    match start_library_thread("selkie-apart", Box::new(work)) {
        Ok(_) => receiver.await.unwrap_or_else(|_| Err(not_run())),
        Err(_) => offload(take(&call)).await,
    }
}

/// The outcome of `task`; not at the first poll.
#[inline]
async fn outcome<T>(mut task: JoinHandle<T>) -> Result<T, JoinError> {
    let (mut is_first, mut early) = (true, None);
    poll_fn(|cx| {
        let is_first = std::mem::take(&mut is_first);
        if let Some(outcome) = early.take() {
            return Poll::Ready(outcome);
        }
        let outcome = ready!(Pin::new(&mut task).poll(cx));
        if !is_first {
            return Poll::Ready(outcome);
        }
        early = Some(outcome);
        coop::wake_deferred(cx.waker());
        Poll::Pending
    })
    .await
}

/// The pool has no thread for an operation, and the system gave it none.
#[derive(Debug)]
struct NoThread(io::Error);

impl fmt::Display for NoThread {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the blocking pool has no thread: {}", self.0)
    }
}

impl Error for NoThread {
    #[inline]
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// The pool has no thread, since the system said `error`.
///
/// Not as the system says it: `WouldBlock` has a meaning of its own for locks and for whoever polls.
#[inline]
pub(super) fn no_thread(error: io::Error) -> io::Error {
    io::Error::other(NoThread(error))
}

/// The pool dropped the operation, since the runtime shuts down, or the operation panicked.
#[inline]
pub(super) fn not_run() -> io::Error {
    io::Error::other("background task failed")
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io;

    use super::no_thread;

    #[test]
    fn the_error_of_a_missing_thread_has_the_systems_error_as_its_source() {
        let error = no_thread(io::ErrorKind::WouldBlock.into());
        assert_eq!(error.kind(), io::ErrorKind::Other);
        let inside = error.get_ref().and_then(Error::source);
        let inside = inside.and_then(|source| source.downcast_ref::<io::Error>());
        assert_eq!(inside.unwrap().kind(), io::ErrorKind::WouldBlock);
    }
}
