//! The sending side of the unbounded channel.
//!
//! Idea        A [`SenderHandle`], as the sender of the bounded channel has, but there are no permits: a send never waits.

use core::fmt;

use super::chan::UNBOUNDED;
use super::error::SendError;
use super::handles::{self, SenderHandle};
use super::unbounded_receiver::UnboundedReceiver;

/// Makes a channel without a limit: senders never wait, and memory is the limit.
///
/// # Cost
/// One allocation; blocks for the values are made when they are needed. A send and its receive
/// together cost two read-modify-writes, and about one more for every eight of them.
///
/// # Examples
/// ```
/// use selkie::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// tx.send(1).unwrap();
/// tx.send(2).unwrap();
/// assert_eq!(rx.try_recv(), Ok(1));
/// assert_eq!(rx.len(), 1);
/// ```
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (sender, receiver) = handles::channel(0);
    (
        UnboundedSender { chan: sender },
        UnboundedReceiver { chan: receiver },
    )
}

/// Sends values to the one [`UnboundedReceiver`]; clone it for more senders.
///
/// # Cost
/// A send takes two read-modify-writes, and up to 32 sends share one short lock. A clone takes two.
///
/// # Examples
/// ```
/// use selkie::sync::mpsc;
///
/// let (tx, rx) = mpsc::unbounded_channel();
/// tx.send(1).unwrap();
/// drop(rx);
/// assert_eq!(tx.send(2).unwrap_err().0, 2);
/// ```
pub struct UnboundedSender<T> {
    pub(super) chan: SenderHandle<T, UNBOUNDED>,
}

impl<T> UnboundedSender<T> {
    /// Sends `message`; never waits.
    ///
    /// # Errors
    /// [`SendError`] with the value, if the receiver is gone or has closed the channel.
    ///
    /// # Cost
    /// Two read-modify-writes.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// // It never waits, so that a closure or a thread can send, too.
    /// (1..=3).for_each(|number| tx.send(number).unwrap());
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// drop(rx);
    /// assert_eq!(tx.send(4).unwrap_err().0, 4);
    /// ```
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.chan
            .try_send(message)
            .map_err(|(_, message)| SendError(message))
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
    /// let (tx, rx) = mpsc::unbounded_channel::<u8>();
    /// let task = selkie::spawn(async move {
    ///     tx.closed().await;
    ///     "nobody receives any more"
    /// });
    /// drop(rx);
    /// assert_eq!(task.await.unwrap(), "nobody receives any more");
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
    /// let (tx, _rx) = mpsc::unbounded_channel::<u8>();
    /// let (other, _rx) = mpsc::unbounded_channel::<u8>();
    /// assert!(tx.same_channel(&tx.clone()));
    /// assert!(!tx.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.chan.same_channel(&other.chan)
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.chan.weak_count()
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedSender")
            .field("closed", &self.is_closed())
            .finish()
    }
}
