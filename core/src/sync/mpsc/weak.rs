//! Senders that do not keep their channel open.
//!
//! Idea        The memory of the channel lives as long as any handle, but a weak sender is not counted among
//!             the senders that keep it open.

use core::fmt;

use super::bounded::Bounded;
use super::chan::Chan;
use super::sender::Sender;
use super::unbounded_sender::UnboundedSender;
use crate::platform::{Arc, Ordering};

/// A handle that does not keep the channel open, and that can be upgraded to a [`Sender`] as long as there is
/// one.
///
/// # Cost
/// A pointer; an upgrade is two read-modify-writes.
///
/// # Example
/// ```
/// use selkie_core::sync::mpsc;
///
/// let (tx, _rx) = mpsc::channel::<()>(1);
/// let weak = tx.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakSender<T> {
    chan: Arc<Bounded<T>>,
}

impl<T> Sender<T> {
    /// A handle that does not keep the channel open.
    #[must_use = "dropping the sender without a use of the weak one may close the channel"]
    pub fn downgrade(&self) -> WeakSender<T> {
        // Relaxed: a count, nothing hangs on it.
        self.chan.chan.weak_senders.fetch_add(1, Ordering::Relaxed);
        WeakSender {
            chan: self.chan.clone(),
        }
    }
}

impl<T> WeakSender<T> {
    /// A sender, unless the last one is gone.
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.chan.chan.upgrade().then(|| Sender {
            chan: self.chan.clone(),
        })
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        // Acquire: a caller that sees a sender gone sees what it sent.
        self.chan.chan.senders.load(Ordering::Acquire)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        // Relaxed: a count, nothing hangs on it.
        self.chan.chan.weak_senders.load(Ordering::Relaxed)
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        // Relaxed: a count, nothing hangs on it.
        self.chan.chan.weak_senders.fetch_add(1, Ordering::Relaxed);
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        // Relaxed: a count, nothing hangs on it.
        self.chan.chan.weak_senders.fetch_sub(1, Ordering::Relaxed);
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
/// # Example
/// ```
/// use selkie_core::sync::mpsc;
///
/// let (tx, _rx) = mpsc::unbounded_channel::<()>();
/// let weak = tx.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakUnboundedSender<T> {
    chan: Arc<Chan<T, 0>>,
}

impl<T> UnboundedSender<T> {
    /// A handle that does not keep the channel open.
    #[must_use = "dropping the sender without a use of the weak one may close the channel"]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        // Relaxed: a count, nothing hangs on it.
        self.chan.weak_senders.fetch_add(1, Ordering::Relaxed);
        WeakUnboundedSender {
            chan: self.chan.clone(),
        }
    }
}

impl<T> WeakUnboundedSender<T> {
    /// A sender, unless the last one is gone.
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        self.chan.upgrade().then(|| UnboundedSender {
            chan: self.chan.clone(),
        })
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        // Acquire: a caller that sees a sender gone sees what it sent.
        self.chan.senders.load(Ordering::Acquire)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        // Relaxed: a count, nothing hangs on it.
        self.chan.weak_senders.load(Ordering::Relaxed)
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        // Relaxed: a count, nothing hangs on it.
        self.chan.weak_senders.fetch_add(1, Ordering::Relaxed);
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> Drop for WeakUnboundedSender<T> {
    fn drop(&mut self) {
        // Relaxed: a count, nothing hangs on it.
        self.chan.weak_senders.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakUnboundedSender")
            .field("senders", &self.strong_count())
            .finish()
    }
}
