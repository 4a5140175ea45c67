//! The receiving side of the one-value channel.
//!
//! Invariants  those of [`shared`](super::shared).
#![allow(unsafe_code)]

use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::super::blocking;
use super::error::{RecvError, TryRecvError};
use super::shared::{Share, ShareGuard};
use super::state::{Side, Snapshot};
use crate::coop;
use crate::trace::{Operation, Resource};

/// A future that yields the value of the [`Sender`](super::Sender).
///
/// # Errors
/// [`RecvError`] if the sender is dropped without sending, or the channel was closed first.
///
/// # Panics
/// If polled after it was ready.
///
/// # Cancel safety
/// It can be awaited by reference, also repeatedly, and nothing is lost. If the receiver is dropped, the value
/// is dropped with it.
///
/// # Cost
/// No read-modify-write if the value is there.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::oneshot;
///
/// let (tx, mut rx) = oneshot::channel();
/// assert!(rx.try_recv().is_err());
/// tx.send(1).unwrap();
/// assert_eq!((&mut rx).await, Ok(1));
/// # }
/// ```
pub struct Receiver<T> {
    /// Taken once the channel is through.
    pub(super) channel: Option<Share<T>>,
    /// What a subscriber of `tracing` sees.
    pub(super) resource: Resource,
    pub(super) operation: Operation,
}

impl<T> Receiver<T> {
    /// Closes the channel: a later send gets its value back; one that came before can still be
    /// received.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::oneshot;
    ///
    /// let (tx, mut rx) = oneshot::channel();
    /// rx.close();
    /// assert_eq!(tx.send(1), Err(1));
    /// ```
    pub fn close(&mut self) {
        if let Some(channel) = &self.channel {
            channel.close_from_receiver();
            self.resource.receiver_gone(true);
        }
    }

    /// Whether the value was received already, or the channel was found closed: then a further poll
    /// would panic.
    pub fn is_terminated(&self) -> bool {
        self.channel.is_none()
    }

    /// Whether there is no value to take now.
    pub fn is_empty(&self) -> bool {
        let Some(channel) = &self.channel else {
            return true;
        };
        !channel.state.load().is_sent()
    }

    /// Takes the value if it is there.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if it may still come, [`TryRecvError::Closed`] if not.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::oneshot::{self, error::TryRecvError};
    ///
    /// let (tx, mut rx) = oneshot::channel();
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.send(1).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let Some(channel) = &self.channel else {
            return Err(TryRecvError::Closed);
        };
        let seen = channel.state.load();
        let result = if seen.is_sent() {
            // SAFETY: it was sent (I1).
            unsafe { channel.take() }.ok_or(TryRecvError::Closed)
        } else if seen.is_closed() {
            Err(TryRecvError::Closed)
        } else {
            return Err(TryRecvError::Empty);
        };
        self.finish(seen);
        result
    }

    /// Lets the channel go; `seen` is what was seen of it.
    // Always: a call would be six instructions of each receive, and the compiler's estimate is near its limit.
    #[inline(always)]
    fn finish(&mut self, seen: Snapshot) {
        let Some(channel) = self.channel.take() else {
            return;
        };
        if seen.is_gone(Side::Sender) {
            channel.left(seen, Side::Receiver);
        } else {
            Self::finish_first(channel);
        }
    }

    /// The receiver lets the channel go while the sender is there, or is about to go.
    fn finish_first(channel: Share<T>) {
        // A sender that waits for that was woken, or finds the channel closed.
        let before = channel.close_from_receiver();
        if before.is_gone(Side::Sender) {
            channel.left(before, Side::Receiver);
        } else {
            channel.leave(Side::Receiver);
        }
    }

    /// Nobody receives any more: what was sent is dropped.
    fn give_up(&mut self) {
        let Some(channel) = self.channel.take() else {
            return;
        };
        let channel = ShareGuard::new(channel, Side::Receiver);
        let before = channel.close_from_receiver();
        let channel = channel.into_share();
        let unread = if before.is_sent() {
            // SAFETY: it was sent (I1).
            unsafe { channel.take() }
        } else {
            None
        };
        // Nobody waits any more, and the sender may live for long.
        let waker = if before.receiver_waits() {
            channel.receiver.take()
        } else {
            None
        };
        if before.is_gone(Side::Sender) {
            channel.left(before, Side::Receiver);
        } else {
            channel.leave(Side::Receiver);
        }
        self.resource.receiver_gone(true);
        drop((waker, unread));
    }

    /// Waits for the value and blocks the thread meanwhile.
    ///
    /// # Errors
    /// [`RecvError`] if the sender is dropped without sending.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::oneshot;
    ///
    /// let (tx, rx) = oneshot::channel();
    /// let thread = std::thread::spawn(move || rx.blocking_recv());
    /// tx.send("hello").unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok("hello"));
    /// ```
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        blocking::wait(self)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let operation = mem::replace(&mut this.operation, Operation::none());
        let resource = this.resource.share();
        let polled = operation.poll(&resource, "poll_recv", || this.poll_value(cx));
        this.operation = operation;
        polled
    }
}

impl<T> Receiver<T> {
    #[inline]
    fn poll_value(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        let unit = ready!(coop::poll_proceed(cx));
        let channel = self
            .channel
            .as_ref()
            .expect("called after complete: a oneshot receiver was polled after it was ready");
        let mut seen = channel.state.load();
        if seen.is_open() {
            channel.receiver.register(cx.waker());
            seen = channel.state.receiver_waits();
            if seen.is_open() {
                return Poll::Pending;
            }
        }
        let value = if seen.is_sent() {
            // SAFETY: it was sent (I1).
            unsafe { channel.take() }
        } else {
            None
        };
        unit.made_progress();
        self.finish(seen);
        Poll::Ready(value.ok_or_else(RecvError::new))
    }
}

impl<T> Drop for Receiver<T> {
    #[inline]
    fn drop(&mut self) {
        if self.channel.is_some() {
            self.give_up();
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("terminated", &self.is_terminated())
            .field("empty", &self.is_empty())
            .finish()
    }
}
