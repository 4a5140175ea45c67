//! The sending side of the broadcast channel.
//!
//! Idea        A sender is a handle on [`Shared`](super::shared). The senders are counted, and dropping the
//!             last one closes the channel.

use core::fmt;

use super::super::notify_until::wait_until;
use super::error::SendError;
use super::receiver::Receiver;
use super::shared::Shared;
use crate::platform::{Arc, Ordering};

/// Makes a channel in which every receiver sees every value, and which keeps the last `capacity` values.
///
/// The capacity is rounded up to a power of two. A receiver that is too slow misses the oldest values, and an
/// error says how many.
///
/// # Panics
/// If `capacity` is zero or exceeds `usize::MAX / 2`.
///
/// # Cost
/// Two allocations, one of all slots. A send costs two read-modify-writes if nobody waits, a
/// receive one.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::broadcast;
///
/// let (tx, mut one) = broadcast::channel(16);
/// let mut two = tx.subscribe();
/// assert_eq!(tx.send("hello").unwrap(), 2);
/// assert_eq!(one.recv().await, Ok("hello"));
/// assert_eq!(two.recv().await, Ok("hello"));
/// # }
/// ```
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(capacity, 1));
    (
        Sender {
            shared: shared.clone(),
        },
        Receiver::new(shared, 0),
    )
}

/// Sends values to every [`Receiver`]; clone it for more senders.
///
/// # Cost
/// A send is one short lock, however many receive; receivers that wait are woken 32 for each further
/// lock. A clone is two read-modify-writes.
///
/// # Examples
/// ```
/// use selkie::sync::broadcast;
///
/// let (tx, mut first) = broadcast::channel(4);
/// let mut second = tx.subscribe();
/// assert_eq!(tx.send("all").unwrap(), 2);
/// assert_eq!(first.try_recv(), Ok("all"));
/// assert_eq!(second.try_recv(), Ok("all"));
/// ```
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A channel without a receiver; [`subscribe`](Self::subscribe) makes them.
    ///
    /// # Panics
    /// As [`channel`].
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::broadcast;
    ///
    /// let events = broadcast::Sender::new(16);
    /// assert!(events.send("nobody hears it").is_err());
    /// let mut listener = events.subscribe();
    /// assert_eq!(events.send("somebody does").unwrap(), 1);
    /// assert_eq!(listener.try_recv(), Ok("somebody does"));
    /// ```
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Self {
            shared: Arc::new(Shared::new(capacity, 0)),
        }
    }

    /// Sends `value` to all receivers, and returns how many there are. Never waits; the oldest
    /// value is overwritten if need be.
    ///
    /// # Errors
    /// [`SendError`] with the value if there is no receiver; later ones may come.
    ///
    /// # Cost
    /// Two read-modify-writes if nobody waits. It spins while a receiver clones the value that
    /// is to be overwritten.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel(16);
    /// let another = tx.subscribe();
    /// assert_eq!(tx.send(1).unwrap(), 2, "two receivers will see it");
    /// drop((rx, another));
    /// assert_eq!(tx.send(2).unwrap_err().0, 2, "the value comes back");
    /// ```
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.shared.send(value).map_err(SendError)
    }

    /// A new receiver for what is sent from now on.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::broadcast;
    ///
    /// let (tx, mut first) = broadcast::channel(16);
    /// tx.send(1).unwrap();
    /// let mut second = tx.subscribe();
    /// tx.send(2).unwrap();
    /// assert_eq!(first.try_recv(), Ok(1));
    /// assert_eq!(second.try_recv(), Ok(2), "what came before is not seen");
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(self.shared.clone(), self.shared.add_receiver())
    }

    /// How many values some receiver has yet to see.
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether every receiver has seen every value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.shared.tail.lock().receivers
    }

    /// Whether both send to the same receivers.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::broadcast;
    ///
    /// let (tx, _rx) = broadcast::channel::<u8>(4);
    /// assert!(tx.same_channel(&tx.clone()));
    /// assert!(!tx.same_channel(&broadcast::Sender::new(4)));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Waits until there is no receiver.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel::<u8>(4);
    /// let listener = selkie::spawn(async move {
    ///     selkie::task::yield_now().await;
    ///     drop(rx);
    /// });
    /// // Nobody listens any more: what produces the events can stop.
    /// tx.closed().await;
    /// listener.await.unwrap();
    /// assert_eq!(tx.receiver_count(), 0);
    /// # }
    /// ```
    pub async fn closed(&self) {
        wait_until(&self.shared.no_receivers, || self.receiver_count() == 0).await;
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        // Acquire: a caller that sees a sender gone sees what it sent.
        self.shared.senders.load(Ordering::Acquire)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        // Relaxed: a count, nothing hangs on it.
        self.shared.weak_senders.load(Ordering::Relaxed)
    }

    /// A handle that does not keep the channel open.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::broadcast::{self, error::TryRecvError};
    ///
    /// let (tx, mut rx) = broadcast::channel::<u8>(4);
    /// let weak = tx.downgrade();
    /// weak.upgrade().unwrap().send(1).unwrap();
    /// drop(tx);
    /// assert!(weak.upgrade().is_none(), "the last sender is gone");
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// ```
    #[must_use = "dropping the sender without a use of the weak one may close the channel"]
    pub fn downgrade(&self) -> WeakSender<T> {
        // Relaxed: a count, nothing hangs on it.
        self.shared.weak_senders.fetch_add(1, Ordering::Relaxed);
        WeakSender {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        // Relaxed: the caller has a sender, so the count cannot reach zero meanwhile.
        self.shared.senders.fetch_add(1, Ordering::Relaxed);
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // AcqRel: whoever is last has everything behind it that the others sent.
        if self.shared.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.close();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("receivers", &self.receiver_count())
            .finish_non_exhaustive()
    }
}

/// A handle that does not keep the channel open, and that can be upgraded to a [`Sender`] as long as there is
/// one.
///
/// # Cost
/// A pointer; an upgrade is two read-modify-writes.
///
/// # Examples
/// ```
/// use selkie::sync::broadcast;
///
/// let (tx, _rx) = broadcast::channel::<u8>(1);
/// let weak = tx.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakSender<T> {
    /// A sender, unless the last one is gone.
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.shared.upgrade().then(|| Sender {
            shared: self.shared.clone(),
        })
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        // Acquire: a caller that sees a sender gone sees what it sent.
        self.shared.senders.load(Ordering::Acquire)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        // Relaxed: a count, nothing hangs on it.
        self.shared.weak_senders.load(Ordering::Relaxed)
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        // Relaxed: a count, nothing hangs on it.
        self.shared.weak_senders.fetch_add(1, Ordering::Relaxed);
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        // Relaxed: a count, nothing hangs on it.
        self.shared.weak_senders.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender")
            .field("senders", &self.strong_count())
            .finish()
    }
}
