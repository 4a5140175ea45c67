//! A future that keeps its output until it is taken.
//!
//! States      Future ─ready→ Done ─take→ Gone
//! Invariants  I1 a `Future` is pinned with this value and dropped in place; outputs may move.
#![allow(unsafe_code)]

use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// One future of a `join!`.
#[derive(Debug)]
pub enum MaybeDone<F: Future> {
    /// It is not ready.
    Future(F),
    /// It was ready, and this is its output.
    Done(F::Output),
    /// Its output was taken.
    Gone,
}

// Only the future is pinned (I1).
impl<F: Future + Unpin> Unpin for MaybeDone<F> {}

/// Wraps `future`.
pub fn maybe_done<F: IntoFuture>(future: F) -> MaybeDone<F::IntoFuture> {
    MaybeDone::Future(future.into_future())
}

impl<F: Future> MaybeDone<F> {
    /// The output, if it is there.
    pub fn output_mut(self: Pin<&mut Self>) -> Option<&mut F::Output> {
        // SAFETY: a future is not moved out; an output is not pinned (I1).
        match unsafe { self.get_unchecked_mut() } {
            Self::Done(output) => Some(output),
            Self::Future(_) | Self::Gone => None,
        }
    }

    /// Takes the output, if it is there.
    pub fn take_output(self: Pin<&mut Self>) -> Option<F::Output> {
        // SAFETY: only an output is moved out, which is not pinned (I1).
        let this = unsafe { self.get_unchecked_mut() };
        if !matches!(this, Self::Done(_)) {
            return None;
        }
        match core::mem::replace(this, Self::Gone) {
            Self::Done(output) => Some(output),
            Self::Future(_) | Self::Gone => None,
        }
    }
}

impl<F: Future> Future for MaybeDone<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: the future stays where it is (I1).
        match unsafe { self.as_mut().get_unchecked_mut() } {
            Self::Future(future) => {
                // SAFETY: pinned with this value (I1).
                let future = unsafe { Pin::new_unchecked(future) };
                let output = ready!(future.poll(cx));
                self.set(Self::Done(output));
            }
            Self::Done(_) => {}
            Self::Gone => panic!("a joined future was polled after its output was taken"),
        }
        Poll::Ready(())
    }
}
