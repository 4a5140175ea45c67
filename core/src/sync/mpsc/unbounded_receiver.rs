//! The receiving side of the unbounded channel.
//!
//! Idea        A [`ReceiverHandle`], as the receiver of the bounded channel has, but there are no permits to give back.

use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll};

use super::super::blocking;
use super::chan::UNBOUNDED;
use super::error::TryRecvError;
use super::handles::ReceiverHandle;

/// Receives what the [`UnboundedSender`](super::UnboundedSender)s send, in the order of the sends.
///
/// # Cost
/// If a value is there, a receive takes no read-modify-write, except for one short lock for up to 32
/// receives. A drained channel keeps one block: 512 bytes of slots, or two slots if those are larger.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// (0..3).for_each(|value| tx.send(value).unwrap());
/// let mut values = Vec::new();
/// assert_eq!(rx.recv_many(&mut values, 10).await, 3);
/// assert_eq!(values, [0, 1, 2]);
/// # }
/// ```
pub struct UnboundedReceiver<T> {
    pub(super) chan: ReceiverHandle<T, UNBOUNDED>,
}

impl<T> UnboundedReceiver<T> {
    /// Waits for the next value; `None` when the channel is closed and everything was received.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    ///
    /// # Cost
    /// No read-modify-write if a value is there.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// selkie::spawn(async move {
    ///     tx.send('a').unwrap();
    ///     tx.send('b').unwrap();
    /// });
    /// assert_eq!(rx.recv().await, Some('a'));
    /// assert_eq!(rx.recv().await, Some('b'));
    /// assert_eq!(rx.recv().await, None, "the sender is gone");
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Waits for a value and moves up to `limit` into `buffer`; returns how many. Zero means that
    /// the channel is closed and everything was received, or that `limit` is zero.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// for number in 0..5 {
    ///     tx.send(number).unwrap();
    /// }
    /// let mut batch = Vec::new();
    /// assert_eq!(rx.recv_many(&mut batch, 4).await, 4);
    /// assert_eq!(rx.recv_many(&mut batch, 4).await, 1);
    /// assert_eq!(batch, [0, 1, 2, 3, 4], "a batch is added to what is there");
    /// # }
    /// ```
    pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        poll_fn(|cx| self.poll_recv_many(cx, buffer, limit)).await
    }

    /// Takes the next value if it is there.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if one may still come, [`TryRecvError::Disconnected`] if not.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc::{self, error::TryRecvError};
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.send(1).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// drop(tx);
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.chan.try_recv()
    }

    /// Waits for the next value and blocks the thread meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// let thread = std::thread::spawn(move || rx.blocking_recv());
    /// tx.send("to the thread").unwrap();
    /// assert_eq!(thread.join().unwrap(), Some("to the thread"));
    /// ```
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Option<T> {
        blocking::wait(self.recv())
    }

    /// As [`recv_many`](Self::recv_many), but blocks the thread meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// (0..4).for_each(|number| tx.send(number).unwrap());
    /// let thread = std::thread::spawn(move || {
    ///     let mut batch = Vec::new();
    ///     rx.blocking_recv_many(&mut batch, 10);
    ///     batch
    /// });
    /// assert_eq!(thread.join().unwrap(), [0, 1, 2, 3]);
    /// ```
    #[track_caller]
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        blocking::wait(self.recv_many(buffer, limit))
    }

    /// Closes the channel: nothing new can be sent. What was sent is still received.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// tx.send(1).unwrap();
    /// rx.close();
    /// assert!(tx.send(2).is_err());
    /// assert_eq!(rx.try_recv(), Ok(1), "what was sent before is received");
    /// ```
    pub fn close(&mut self) {
        self.chan.close();
    }

    /// Whether the channel was closed, or every sender is gone.
    pub fn is_closed(&self) -> bool {
        self.chan.is_closed()
    }

    /// Whether nothing waits to be received.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values wait to be received.
    pub fn len(&self) -> usize {
        self.chan.len()
    }

    /// As [`recv`](Self::recv), for hand-written futures: the task of the last call is woken.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.chan.poll_recv(cx)
    }

    /// As [`recv_many`](Self::recv_many), for hand-written futures: the task of the last call is
    /// woken.
    pub fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        self.chan.poll_recv_many(cx, buffer, limit)
    }

    /// How many senders there are.
    pub fn sender_strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    /// How many weak senders there are.
    pub fn sender_weak_count(&self) -> usize {
        self.chan.weak_count()
    }
}

impl<T> fmt::Debug for UnboundedReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedReceiver")
            .field("len", &self.len())
            .field("closed", &self.is_closed())
            .finish()
    }
}
