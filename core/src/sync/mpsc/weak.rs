//! Senders that do not keep their channel open.
//!
//! Idea        A [`WeakHandle`]. The memory of the channel lives as long as any handle, but a weak sender is not
//!             counted among the senders that keep it open.

use core::fmt;

use super::bounded::BOUNDED;
use super::chan::UNBOUNDED;
use super::handles::WeakHandle;
use super::sender::Sender;
use super::unbounded_sender::UnboundedSender;

/// A handle that does not keep the channel open, and that can be upgraded to a [`Sender`] as long as there is
/// one.
///
/// # Cost
/// A pointer; an upgrade is two read-modify-writes.
///
/// # Examples
/// ```
/// use selkie::sync::mpsc;
///
/// let (tx, _rx) = mpsc::channel::<()>(1);
/// let weak = tx.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakSender<T> {
    chan: WeakHandle<T, BOUNDED>,
}

impl<T> Sender<T> {
    /// A handle that does not keep the channel open.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel::<u8>(1);
    /// // A registry that knows the sender and does not keep the channel open.
    /// let registered = tx.downgrade();
    /// registered.upgrade().unwrap().send(1).await.unwrap();
    /// drop(tx);
    /// assert_eq!(rx.recv().await, Some(1));
    /// assert_eq!(rx.recv().await, None);
    /// assert!(registered.upgrade().is_none());
    /// # }
    /// ```
    #[must_use = "dropping the sender without a use of the weak one may close the channel"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender {
            chan: self.chan.downgrade(),
        }
    }
}

impl<T> WeakSender<T> {
    /// A sender, unless the last one is gone.
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.chan.upgrade().map(|chan| Sender { chan })
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

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender")
            .field("senders", &self.strong_count())
            .finish()
    }
}

/// A handle that does not keep the channel open, and that can be upgraded to an [`UnboundedSender`] as long as
/// there is one.
///
/// # Cost
/// A pointer; an upgrade is two read-modify-writes.
///
/// # Examples
/// ```
/// use selkie::sync::mpsc;
///
/// let (tx, _rx) = mpsc::unbounded_channel::<()>();
/// let weak = tx.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakUnboundedSender<T> {
    chan: WeakHandle<T, UNBOUNDED>,
}

impl<T> UnboundedSender<T> {
    /// A handle that does not keep the channel open.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// let weak = tx.downgrade();
    /// weak.upgrade().unwrap().send(1).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// drop(tx);
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use = "dropping the sender without a use of the weak one may close the channel"]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender {
            chan: self.chan.downgrade(),
        }
    }
}

impl<T> WeakUnboundedSender<T> {
    /// A sender, unless the last one is gone.
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        self.chan.upgrade().map(|chan| UnboundedSender { chan })
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

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakUnboundedSender")
            .field("senders", &self.strong_count())
            .finish()
    }
}
