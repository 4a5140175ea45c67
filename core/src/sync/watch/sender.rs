//! The sending side of `watch`.
//!
//! Idea        A sender is a handle on [`Shared`](super::shared). The senders are counted, and dropping the
//!             last one closes the channel.

use core::fmt;
use core::mem;

use super::super::notify_until::wait_until;
use super::error::SendError;
use super::receiver::Receiver;
use super::reference::Ref;
use super::shared::Shared;
use crate::coop;
use crate::platform::{Arc, Ordering};

/// Makes a channel that keeps one value, the latest: receivers see it, and are notified of changes.
///
/// # Cost
/// One allocation. A send and a `changed` that does not wait: three read-modify-writes; a look
/// at the value two.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::watch;
///
/// let (tx, mut rx) = watch::channel(1);
/// tx.send(2).unwrap();
/// rx.changed().await.unwrap();
/// assert_eq!(*rx.borrow_and_update(), 2);
/// # }
/// ```
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(init, 1));
    let version = shared.version();
    (
        Sender {
            shared: shared.clone(),
        },
        Receiver { shared, version },
    )
}

/// Changes the value that the [`Receiver`]s see.
///
/// On a chip the handles stay in the context that made the channel: they are not `Send`, since a
/// borrowed value would keep a more urgent sender waiting for ever. `FixedWatch` goes between contexts.
///
/// # Cost
/// A send with nobody waiting is three read-modify-writes; receivers that wait are woken 32 for each
/// short lock. A clone is two.
///
/// # Examples
/// ```
/// use selkie::sync::watch;
///
/// let tx = watch::Sender::new(vec![1]);
/// let rx = tx.subscribe();
/// tx.send_modify(|values| values.push(2));
/// assert_eq!(*rx.borrow(), [1, 2]);
/// drop(rx);
/// assert!(tx.send(Vec::new()).is_err(), "nobody receives");
/// assert_eq!(*tx.borrow(), [1, 2]);
/// ```
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A channel that has no receiver yet; [`subscribe`](Self::subscribe) makes them.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let state = watch::Sender::new("starting");
    /// let rx = state.subscribe();
    /// state.send("running").unwrap();
    /// assert_eq!(*rx.borrow(), "running");
    /// ```
    pub fn new(init: T) -> Self {
        Self {
            shared: Arc::new(Shared::new(init, 0)),
        }
    }

    /// Replaces the value and tells the receivers.
    ///
    /// # Errors
    /// [`SendError`] with the value if there is no receiver; the old value stays then.
    ///
    /// # Cost
    /// Three read-modify-writes if nobody waits. Blocks the thread while a [`Ref`] is held.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(1);
    /// tx.send(2).unwrap();
    /// assert_eq!(*rx.borrow(), 2);
    /// drop(rx);
    /// assert_eq!(tx.send(3).unwrap_err().0, 3, "nobody receives");
    /// assert_eq!(*tx.borrow(), 2, "the value stays as it was");
    /// ```
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Changes the value in place and tells the receivers, if there are any.
    ///
    /// # Panics
    /// If `modify` does; the receivers are not told then, and the channel stays usable.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(vec!["a"]);
    /// tx.send_modify(|names| names.push("b"));
    /// assert_eq!(*rx.borrow(), ["a", "b"]);
    /// ```
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place, and tells the receivers if `modify` returns `true`, which is
    /// returned.
    ///
    /// # Panics
    /// If `modify` does; the receivers are not told then, and the channel stays usable.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(5);
    /// let set = |new| {
    ///     tx.send_if_modified(|value| {
    ///         let is_other = *value != new;
    ///         *value = new;
    ///         is_other
    ///     })
    /// };
    /// assert!(!set(5));
    /// assert!(!rx.has_changed().unwrap(), "the same value is no news");
    /// assert!(set(6));
    /// assert!(rx.has_changed().unwrap());
    /// ```
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        self.shared.write(modify)
    }

    /// Replaces the value, with or without receivers, and returns the old one.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, rx) = watch::channel("first");
    /// drop(rx);
    /// // Unlike `send`, also if nobody receives.
    /// assert_eq!(tx.send_replace("second"), "first");
    /// assert_eq!(*tx.borrow(), "second");
    /// ```
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|current| mem::swap(current, &mut value));
        value
    }

    /// The value. Senders wait while the reference is held: drop it soon.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, _rx) = watch::channel(1);
    /// tx.send_modify(|value| *value += 1);
    /// assert_eq!(*tx.borrow(), 2);
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        let (reading, _) = self.shared.read();
        Ref::new(reading, false)
    }

    /// Whether there is no receiver now.
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
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
    /// use selkie::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(0);
    /// let ticker = selkie::spawn(async move {
    ///     tx.closed().await;
    ///     "nobody watches"
    /// });
    /// drop(rx);
    /// assert_eq!(ticker.await.unwrap(), "nobody watches");
    /// # }
    /// ```
    pub async fn closed(&self) {
        coop::cooperative(wait_until(&self.shared.no_receivers, || self.is_closed())).await;
    }

    /// A new receiver, for which the current value counts as seen.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, _rx) = watch::channel(1);
    /// tx.send(2).unwrap();
    /// let late = tx.subscribe();
    /// assert_eq!(*late.borrow(), 2);
    /// assert!(!late.has_changed().unwrap(), "the present value counts as seen");
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        // Relaxed: the count is read by whoever asks, nothing hangs on it.
        self.shared.receivers.fetch_add(1, Ordering::Relaxed);
        Receiver {
            version: self.shared.version(),
            shared: self.shared.clone(),
        }
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        // Acquire: pairs with the Release of a receiver that goes.
        self.shared.receivers.load(Ordering::Acquire)
    }

    /// How many senders there are.
    pub fn sender_count(&self) -> usize {
        // Relaxed: a count, nothing hangs on it.
        self.shared.senders.load(Ordering::Relaxed)
    }

    /// Whether both change the same value.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, _rx) = watch::channel(1);
    /// assert!(tx.same_channel(&tx.clone()));
    /// assert!(!tx.same_channel(&watch::Sender::new(1)));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
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

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("receivers", &self.receiver_count())
            .field("version", &self.shared.version())
            .finish_non_exhaustive()
    }
}
