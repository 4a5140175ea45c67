//! A job of the library's own on the blocking pool.
//!
//! Idea        A job travels in a box, and so does what it returns: there is one type of task for all jobs, whose code is
//!             compiled once, beside a trip to a thread that costs more than two allocations.
//! Invariants  I1 the box that a job leaves holds what it returned, a `T`.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::task::{JoinError, JoinHandle};

use crate::blocking::BlockingKind;
use crate::context::Handle;

/// What a job returned, or will return.
type BoxedOutput = Box<dyn Any + Send>;

/// A job on the pool, as a future of what it returns; it goes on when this is dropped.
pub(crate) struct LibraryJob<T> {
    task: JoinHandle<BoxedOutput>,
    _returns: PhantomData<fn() -> T>,
}

impl<T: Send + 'static> LibraryJob<T> {
    /// Gives `job` to the pool of `handle`'s runtime. Where no thread can be started, the job is cancelled, and the
    /// error is returned.
    #[track_caller]
    pub(crate) fn begin(
        handle: &Handle,
        kind: BlockingKind,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> (Self, io::Result<()>) {
        let job: Box<dyn FnOnce() -> BoxedOutput + Send> = Box::new(move || Box::new(job()));
        let (task, started) = handle.spawn_blocking_or_cancel(kind, None, job);
        let _returns = PhantomData;
        (Self { task, _returns }, started)
    }
}

impl<T> LibraryJob<T> {
    /// Whether the job is over, or was cancelled.
    pub(crate) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl<T: 'static> Future for LibraryJob<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let returned = ready!(Pin::new(&mut self.task).poll(cx))?;
        let returned = returned.downcast().expect("its job has returned it"); // I1
        Poll::Ready(Ok(*returned))
    }
}

impl<T> fmt::Debug for LibraryJob<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.task.fmt(f)
    }
}
