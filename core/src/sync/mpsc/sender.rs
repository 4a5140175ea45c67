//! The sending side of the bounded channel.
//!
//! Idea        A [`SenderHandle`], which both kinds of channel have, with sends that wait for room.

use core::fmt;
use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;

use super::super::blocking;
use super::super::permits::Refusal;
use super::bounded::{BOUNDED, MOST_CAPACITY};
use super::error::{SendError, SendTimeoutError, TrySendError};
use super::handles::{self, SenderHandle};
use super::receiver::Receiver;
use crate::coop;
use crate::time::timeout;

/// Makes a channel that holds up to `buffer` values; senders wait while it is full.
///
/// # Panics
/// If `buffer` is zero or exceeds the largest number of permits of a semaphore.
///
/// # Cost
/// One allocation; blocks for the values are made when they are needed. A channel of up to 32 values (512
/// bytes of them) uses one block as a ring; a larger one makes and frees blocks of that size. A send
/// and its receive together cost three read-modify-writes, and in a larger channel five more for
/// each 32 of them.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(4);
/// tx.send("hello").await.unwrap();
/// drop(tx);
/// assert_eq!(rx.recv().await, Some("hello"));
/// assert_eq!(rx.recv().await, None);
/// # }
/// ```
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    assert!(buffer > 0, "mpsc bounded channel requires buffer > 0");
    assert!(
        buffer <= MOST_CAPACITY,
        "a semaphore may not have more than MAX_PERMITS permits ({MOST_CAPACITY})"
    );
    let (sender, receiver) = handles::channel(buffer);
    (Sender { chan: sender }, Receiver { chan: receiver })
}

/// Sends values to the one [`Receiver`]; clone it for more senders.
///
/// # Cost
/// If there is room, a send takes two read-modify-writes. A clone takes two.
///
/// # Examples
/// ```
/// use selkie::sync::mpsc;
/// use selkie::sync::mpsc::error::TrySendError;
///
/// let (tx, rx) = mpsc::channel(1);
/// let other = tx.clone();
/// tx.try_send(1).unwrap();
/// assert_eq!(other.try_send(2), Err(TrySendError::Full(2)));
/// drop(rx);
/// assert_eq!(other.try_send(3), Err(TrySendError::Closed(3)));
/// ```
pub struct Sender<T> {
    pub(super) chan: SenderHandle<T, BOUNDED>,
}

impl<T> Sender<T> {
    /// Sends `value`, waiting for room.
    ///
    /// # Errors
    /// [`SendError`] with the value, if the receiver is gone or has closed the channel. That a
    /// value was sent does not mean that it will be received.
    ///
    /// # Cancel safety
    /// A cancelled send sends nothing and drops the value; use [`reserve`](Self::reserve) to keep
    /// it. It loses its position in the queue.
    ///
    /// # Cost
    /// Two read-modify-writes if there is room.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let task = selkie::spawn(async move {
    ///     tx.send("one").await.unwrap();
    ///     // There is room for one only: this waits for the receiver.
    ///     tx.send("two").await.unwrap();
    /// });
    /// assert_eq!(rx.recv().await, Some("one"));
    /// assert_eq!(rx.recv().await, Some("two"));
    /// task.await.unwrap();
    /// # }
    /// ```
    pub async fn send(&self, value: T) -> Result<(), SendError<T>> {
        let chan = &self.chan;
        let mut value = Some(value);
        let unsent = poll_fn(|cx| {
            let Some(unsent) = value.take() else {
                return Poll::Ready(None);
            };
            if !coop::has_budget_remaining() {
                return Poll::Ready(Some(unsent));
            }
            let Poll::Ready(unit) = coop::poll_proceed(cx) else {
                unreachable!("there was a unit");
            };
            let refused = chan.try_send(unsent).err();
            if refused.is_none() {
                unit.made_progress();
            }
            Poll::Ready(refused.map(|(_, unsent)| unsent))
        });
        let Some(unsent) = unsent.await else {
            return Ok(());
        };
        // The reservation waits for room, yields and keeps its position in the queue meanwhile, or is refused.
        if self.chan.reserve(1).await.is_err() {
            return Err(SendError(unsent));
        }
        chan.publish(chan.permits.claim_position(), unsent);
        Ok(())
    }

    /// Sends `message` if there is room now.
    ///
    /// # Errors
    /// [`TrySendError`] with the value: full, or closed.
    ///
    /// # Cost
    /// Two read-modify-writes.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc::{self, error::TrySendError};
    ///
    /// let (tx, rx) = mpsc::channel(1);
    /// assert!(tx.try_send(1).is_ok());
    /// assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    /// drop(rx);
    /// assert_eq!(tx.try_send(3), Err(TrySendError::Closed(3)));
    /// ```
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.chan
            .try_send(message)
            .map_err(|(refused, message)| match refused {
                Refusal::Closed => TrySendError::Closed(message),
                Refusal::Busy => TrySendError::Full(message),
            })
    }

    /// Sends `value`, waiting for room up to `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError`] with the value: no room in time, or closed.
    ///
    /// # Panics
    /// Where no timer runs.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::sync::mpsc::{self, error::SendTimeoutError};
    ///
    /// let (tx, _rx) = mpsc::channel(1);
    /// tx.send(1).await.unwrap();
    /// // Nobody receives: after ten seconds the value comes back.
    /// let late = tx.send_timeout(2, Duration::from_secs(10)).await;
    /// assert_eq!(late, Err(SendTimeoutError::Timeout(2)));
    /// # }
    /// ```
    pub async fn send_timeout(
        &self,
        value: T,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        match self::timeout(timeout, self.reserve()).await {
            Err(_) => Err(SendTimeoutError::Timeout(value)),
            Ok(Err(_)) => Err(SendTimeoutError::Closed(value)),
            Ok(Ok(permit)) => {
                permit.send(value);
                Ok(())
            }
        }
    }

    /// Sends `value`; while there is no room, it blocks the thread.
    ///
    /// # Errors
    /// [`SendError`] with the value, if the channel is closed.
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
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let thread = std::thread::spawn(move || {
    ///     for number in 0..3 {
    ///         tx.blocking_send(number).unwrap();
    ///     }
    /// });
    /// let mut sum = 0;
    /// while let Some(number) = rx.recv().await {
    ///     sum += number;
    /// }
    /// thread.join().unwrap();
    /// assert_eq!(sum, 3);
    /// # }
    /// ```
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        blocking::wait(self.send(value))
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
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::channel::<u8>(1);
    /// let work = async {
    ///     // Something long, whose result nobody wants after all.
    ///     std::future::pending::<()>().await;
    /// };
    /// drop(rx);
    /// selkie::select! {
    ///     () = work => unreachable!(),
    ///     () = tx.closed() => assert!(tx.is_closed()),
    /// }
    /// # }
    /// ```
    pub async fn closed(&self) {
        self.chan.wait_closed().await;
    }

    /// Whether the receiver is gone or has closed the channel.
    pub fn is_closed(&self) -> bool {
        self.chan.is_closed()
    }

    /// Whether both send to the same receiver.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u8>(1);
    /// let (other, _rx) = mpsc::channel::<u8>(1);
    /// assert!(tx.same_channel(&tx.clone()));
    /// assert!(!tx.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.chan.same_channel(&other.chan)
    }

    /// How many values can be sent or reserved without waiting.
    pub fn capacity(&self) -> usize {
        self.chan.free()
    }

    /// The capacity that the channel was made with.
    pub fn max_capacity(&self) -> usize {
        self.chan.capacity
    }

    /// How many senders there are, owned permits included.
    pub fn strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.chan.weak_count()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }
}
