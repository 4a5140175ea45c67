//! A closure as a task: what the pool's queue holds, and what its threads are given.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use selkie_core::raw::coop;
use selkie_core::raw::task::Notified;
use selkie_core::raw::time::ClockGuard;

use super::record::BlockingKind;

/// A closure with a join handle, for the queue.
pub(super) struct QueuedClosure {
    pub(super) task: Notified,
    pub(super) kind: BlockingKind,
    /// What keeps a paused clock from moving until the closure's task is complete.
    pub(super) hold: Option<ClockGuard>,
}

/// What a thread of the pool is woken or started for.
pub(super) enum Job {
    Closure(QueuedClosure),
    /// A worker of the scheduler, or another thread's worth of work that must run.
    Thread(Box<dyn FnOnce() + Send>),
    /// The pool has closed: the thread looks at the queue once more, and leaves.
    Leave,
}

/// A closure as a future that is ready at its first poll.
pub(super) struct Blocking<F>(pub(super) Option<F>);

impl<F> Unpin for Blocking<F> {}

impl<F: FnOnce() -> R, R> Future for Blocking<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<R> {
        let closure = self.0.take().expect("a closure runs once");
        // The closure owns its thread: operations in it count against no task's budget.
        let _budget = coop::stop();
        Poll::Ready(closure())
    }
}
