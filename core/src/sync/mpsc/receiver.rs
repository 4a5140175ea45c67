//! The receiving side of the bounded channel.
//!
//! Idea        A [`ReceiverHandle`], which both kinds of channel have, with what only a limit makes sense of.

use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll};

use super::super::blocking;
use super::bounded::BOUNDED;
use super::error::TryRecvError;
use super::handles::ReceiverHandle;

/// Receives what the [`Sender`](super::Sender)s send, in the order of the sends.
///
/// # Cost
/// If a value is there, a receive takes one read-modify-write, which gives its room back.
///
/// # Examples
/// ```
/// use selkie::sync::mpsc;
/// use selkie::sync::mpsc::error::TryRecvError;
///
/// let (tx, mut rx) = mpsc::channel(8);
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
/// tx.try_send('a').unwrap();
/// rx.close();
/// assert!(tx.try_send('b').is_err());
/// assert_eq!(rx.try_recv(), Ok('a'), "what was sent before is received");
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
/// ```
pub struct Receiver<T> {
    pub(super) chan: ReceiverHandle<T, BOUNDED>,
}

impl<T> Receiver<T> {
    /// Waits for the next value; `None` when the channel is closed and everything was received.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    ///
    /// # Cost
    /// One read-modify-write if a value is there.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(8);
    /// selkie::spawn(async move {
    ///     for number in 1..=3 {
    ///         tx.send(number).await.unwrap();
    ///     }
    /// });
    /// let mut numbers = Vec::new();
    /// while let Some(number) = rx.recv().await {
    ///     numbers.push(number);
    /// }
    /// assert_eq!(numbers, [1, 2, 3]);
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
    /// let (tx, mut rx) = mpsc::channel(8);
    /// for number in 1..=5 {
    ///     tx.try_send(number).unwrap();
    /// }
    /// drop(tx);
    /// let mut batch = Vec::new();
    /// assert_eq!(rx.recv_many(&mut batch, 3).await, 3);
    /// assert_eq!(batch, [1, 2, 3]);
    /// batch.clear();
    /// assert_eq!(rx.recv_many(&mut batch, 3).await, 2);
    /// assert_eq!(rx.recv_many(&mut batch, 3).await, 0, "closed");
    /// # }
    /// ```
    pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        poll_fn(|cx| self.poll_recv_many(cx, buffer, limit)).await
    }

    /// Takes the next value if it is there. On a chip a value whose sender is suspended in the middle of
    /// the send is not there yet.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if one may still come, [`TryRecvError::Disconnected`] if not.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc::{self, error::TryRecvError};
    ///
    /// let (tx, mut rx) = mpsc::channel(8);
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.try_send(1).unwrap();
    /// drop(tx);
    /// assert_eq!(rx.try_recv(), Ok(1));
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
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(8);
    /// let thread = std::thread::spawn(move || {
    ///     let mut words = Vec::new();
    ///     while let Some(word) = rx.blocking_recv() {
    ///         words.push(word);
    ///     }
    ///     words.concat()
    /// });
    /// tx.send("from task ").await.unwrap();
    /// tx.send("to thread").await.unwrap();
    /// drop(tx);
    /// assert_eq!(thread.join().unwrap(), "from task to thread");
    /// # }
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
    /// let (tx, mut rx) = mpsc::channel(8);
    /// let thread = std::thread::spawn(move || {
    ///     let mut batch = Vec::new();
    ///     while rx.blocking_recv_many(&mut batch, 100) > 0 {}
    ///     batch
    /// });
    /// for number in 0..5 {
    ///     tx.blocking_send(number).unwrap();
    /// }
    /// drop(tx);
    /// assert_eq!(thread.join().unwrap(), [0, 1, 2, 3, 4]);
    /// ```
    #[track_caller]
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        blocking::wait(self.recv_many(buffer, limit))
    }

    /// Closes the channel: nothing new can be sent. Values that were sent before, and those that are sent by a
    /// permit, are still received.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(8);
    /// tx.send("accepted").await.unwrap();
    /// rx.close();
    /// assert!(tx.send("refused").await.is_err());
    /// // What was sent before is still received.
    /// assert_eq!(rx.recv().await, Some("accepted"));
    /// assert_eq!(rx.recv().await, None);
    /// # }
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

    /// How many values can be sent or reserved without waiting.
    pub fn capacity(&self) -> usize {
        self.chan.free()
    }

    /// The capacity that the channel was made with.
    pub fn max_capacity(&self) -> usize {
        self.chan.capacity
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

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("len", &self.len())
            .field("closed", &self.is_closed())
            .finish()
    }
}
