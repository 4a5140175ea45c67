//! A closure as a task: what the pool's queue and mailboxes hold.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use selkie_core::raw::coop;
use selkie_core::raw::task::Notified;
use selkie_core::raw::time::ClockGuard;

use super::record::BlockingKind;

/// What a pool thread runs.
pub(super) enum Job {
    /// A closure with a join handle, and what keeps a paused clock from moving until the closure's
    /// task is complete.
    Closure(Notified, BlockingKind, Option<ClockGuard>),
    /// A worker of the scheduler, or another thread's worth of work that must run.
    Thread(Box<dyn FnOnce() + Send>),
}

impl Job {
    /// Cancels a closure that has not begun. A worker's thread is dropped.
    pub(super) fn cancel(self) {
        if let Self::Closure(task, ..) = self {
            task.cancel();
        }
    }
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
