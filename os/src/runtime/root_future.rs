//! The future of a `block_on`, without its type.
//!
//! Idea        The loops that wait for a future are long, and are compiled once: they poll it through a pointer, and
//!             its output waits beside it. What remains of each type is its poll.
//! Invariants  I1 the future is dropped when the loop drops its [`RootFuture`], inside the runtime's context, ready or
//!                not, and also on unwinding.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::observability::RootGuard;

pin_project! {
    /// A future, and its output once it is ready.
    pub(super) struct KeptOutput<F: Future> {
        #[pin]
        future: Option<F>,
        output: Option<F::Output>,
    }
}

impl<F: Future> KeptOutput<F> {
    /// Of `future`, which is not ready.
    pub(super) fn new(future: F) -> Self {
        Self {
            future: Some(future),
            output: None,
        }
    }

    /// What the future was ready with.
    pub(super) fn take(self: Pin<&mut Self>) -> F::Output {
        let output = self.project().output.take();
        output.expect("the future has become ready")
    }
}

/// A future whose output is kept elsewhere.
pub(super) trait Root {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;

    /// Drops the future.
    fn clear(self: Pin<&mut Self>);
}

impl<F: Future> Root for KeptOutput<F> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let future = this.future.as_pin_mut().expect("polled until it is ready");
        future.poll(cx).map(|output| *this.output = Some(output))
    }

    fn clear(self: Pin<&mut Self>) {
        self.project().future.set(None);
    }
}

/// A future whose polls a watchdog looks at.
pub(super) struct WatchedRoot<'a> {
    pub(super) root: Pin<&'a mut dyn Root>,
    pub(super) watched: RootGuard,
}

impl Root for WatchedRoot<'_> {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { root, watched } = &mut *self;
        let _counted = watched.poll();
        root.as_mut().poll(cx)
    }

    fn clear(mut self: Pin<&mut Self>) {
        self.root.as_mut().clear();
    }
}

/// What a `block_on` waits for; drops the future, but not its output (I1).
pub(super) struct RootFuture<'a>(pub(super) Pin<&'a mut dyn Root>);

impl Future for RootFuture<'_> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl Drop for RootFuture<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.as_mut().clear();
    }
}
