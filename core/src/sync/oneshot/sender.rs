//! The sending side of the one-value channel.
//!
//! Invariants  those of [`shared`](super::shared).
#![allow(unsafe_code)]

use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll, ready};

use super::receiver::Receiver;
use super::shared::{Channel, Share, ShareGuard};
use super::state::Side;
use crate::coop;
use crate::trace::{Operation, Resource, instrument};

/// Makes a channel for one value.
///
/// # Cost
/// One allocation; a send and its receive together cost one read-modify-write if the value is
/// there before it is waited for.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::oneshot;
///
/// let (tx, rx) = oneshot::channel();
/// tx.send(7).unwrap();
/// assert_eq!(rx.await, Ok(7));
/// # }
/// ```
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let resource = Resource::oneshot();
    let operation = Operation::receive(&resource);
    let (sender, receiver) = Share::pair();
    (
        Sender {
            channel: Some(sender),
            resource: resource.share(),
        },
        Receiver {
            channel: Some(receiver),
            resource,
            operation,
        },
    )
}

/// Sends one value to the [`Receiver`].
///
/// # Cost
/// A send is one read-modify-write; the side that goes last frees the memory.
///
/// # Examples
/// ```
/// use selkie::sync::oneshot;
///
/// let (tx, rx) = oneshot::channel();
/// assert!(!tx.is_closed());
/// drop(rx);
/// assert_eq!(tx.send(1), Err(1), "the value comes back");
/// ```
pub struct Sender<T> {
    channel: Option<Share<T>>,
    /// What a subscriber of `tracing` sees.
    resource: Resource,
}

impl<T> Sender<T> {
    fn channel(&self) -> &Channel<T> {
        self.channel
            .as_deref()
            .expect("only `send` takes the channel, and it consumes the sender")
    }

    /// Sends `t`; never waits.
    ///
    /// # Errors
    /// `t` itself, if the receiver is gone or has closed the channel. `Ok` does not
    /// mean that the receiver will take the value.
    ///
    /// # Cost
    /// One read-modify-write if nobody waits.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::oneshot;
    ///
    /// let (tx, rx) = oneshot::channel();
    /// // It never waits: whoever sends need not be asynchronous.
    /// std::thread::spawn(move || tx.send(42));
    /// assert_eq!(rx.await, Ok(42));
    ///
    /// let (tx, rx) = oneshot::channel();
    /// drop(rx);
    /// assert_eq!(tx.send("unwanted"), Err("unwanted"));
    /// # }
    /// ```
    pub fn send(mut self, t: T) -> Result<(), T> {
        let Some(channel) = self.channel.take() else {
            return Err(t);
        };
        let mut before = channel.state.load();
        if before.is_closed() {
            channel.leave(Side::Sender);
            return Err(t);
        }
        // SAFETY: we are the sender, and publish it below (I1).
        unsafe { channel.put(t) };
        loop {
            if before.is_closed() {
                // The receiver will not look any more: it takes only what was sent before.
                // SAFETY: refused (I1).
                let refused = unsafe { channel.take() }.expect("the sender's own value");
                channel.leave(Side::Sender);
                return Err(refused);
            }
            match channel.state.publish(before) {
                Ok(()) => break,
                Err(now) => before = now,
            }
        }
        if before.receiver_waits() {
            ShareGuard::new(channel, Side::Sender).receiver.wake();
        }
        self.resource.value_sent(true);
        Ok(())
    }

    /// Whether the receiver is gone or has closed the channel.
    pub fn is_closed(&self) -> bool {
        self.channel().state.load().is_closed()
    }

    /// Waits until the receiver is gone or has closed the channel.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::oneshot;
    ///
    /// let (mut tx, rx) = oneshot::channel::<u64>();
    /// let search = selkie::spawn(async move {
    ///     selkie::select! {
    ///         // A long search, which stops when nobody waits for its result.
    ///         () = std::future::pending() => "found",
    ///         () = tx.closed() => "given up",
    ///     }
    /// });
    /// drop(rx);
    /// assert_eq!(search.await.unwrap(), "given up");
    /// # }
    /// ```
    pub async fn closed(&mut self) {
        let resource = self.resource.share();
        let closed = move || poll_fn(move |cx| self.poll_closed(cx));
        instrument(&resource, "Sender::closed", "poll_closed", false, closed).await;
    }

    /// As [`closed`](Self::closed), for hand-written futures: the task of the last call is woken.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(coop::poll_proceed(cx));
        let channel = self.channel();
        if !self.is_closed() {
            channel.sender.register(cx.waker());
            if !channel.state.sender_waits().is_closed() {
                return Poll::Pending;
            }
        }
        unit.made_progress();
        Poll::Ready(())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let Some(channel) = self.channel.take() else {
            return;
        };
        let before = channel.state.close();
        if !before.is_closed() && before.receiver_waits() {
            let left = ShareGuard::new(channel, Side::Sender);
            left.receiver.wake_from_drop();
        } else if before.is_gone(Side::Receiver) {
            channel.left(before, Side::Sender);
        } else {
            channel.leave(Side::Sender);
        }
        self.resource.sender_gone(true);
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("closed", &self.is_closed())
            .finish()
    }
}
