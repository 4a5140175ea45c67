//! The receiving side of `watch`.
//!
//! Idea        A receiver is a handle on [`Shared`](super::shared), with the version that it saw last.

use core::fmt;
use core::future::poll_fn;
use core::task::{Poll, ready};

use super::error::RecvError;
use super::reference::Ref;
use super::shared::{Shared, Version};
use crate::coop;
use crate::platform::{Arc, Ordering};

/// Sees the latest value of a watch channel, and is notified when it changes.
///
/// # Cost
/// To borrow the value takes two read-modify-writes, to learn of a change that has happened none. A clone takes
/// two.
///
/// # Examples
/// ```
/// use selkie::sync::watch;
///
/// let (tx, mut rx) = watch::channel(1);
/// tx.send(2).unwrap();
/// tx.send(3).unwrap();
/// assert!(rx.has_changed().unwrap());
/// assert_eq!(*rx.borrow_and_update(), 3, "the latest only");
/// assert!(!rx.has_changed().unwrap());
/// ```
pub struct Receiver<T> {
    pub(super) shared: Arc<Shared<T>>,
    pub(super) version: Version,
}

impl<T> Receiver<T> {
    /// The value, which does not count as seen by this call. Senders wait while the reference is held.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, rx) = watch::channel("old");
    /// tx.send("new").unwrap();
    /// assert_eq!(*rx.borrow(), "new");
    /// assert!(rx.has_changed().unwrap(), "to look is not to have seen");
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        let (reading, version) = self.shared.read();
        Ref::new(reading, version != self.version)
    }

    /// The value, which counts as seen from now on. Senders wait while the reference is held.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel("old");
    /// tx.send("new").unwrap();
    /// assert_eq!(*rx.borrow_and_update(), "new");
    /// assert!(!rx.has_changed().unwrap());
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let (reading, version) = self.shared.read();
        let changed = version != self.version;
        self.version = version;
        Ref::new(reading, changed)
    }

    /// Whether there is a value that was not seen.
    ///
    /// # Errors
    /// [`RecvError`] if every sender is gone.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(1);
    /// assert!(!rx.has_changed().unwrap());
    /// tx.send(2).unwrap();
    /// assert!(rx.has_changed().unwrap());
    /// ```
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        if self.is_closed() {
            return Err(RecvError::new());
        }
        Ok(self.shared.version() != self.version)
    }

    /// Makes the current value count as not seen.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::watch;
    ///
    /// let (_tx, mut rx) = watch::channel("initial");
    /// // A loop over changes shall begin with the present value.
    /// rx.mark_changed();
    /// rx.changed().await.unwrap();
    /// assert_eq!(*rx.borrow_and_update(), "initial");
    /// # }
    /// ```
    pub fn mark_changed(&mut self) {
        self.version = self.shared.version().previous();
    }

    /// Makes the current value count as seen.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel(1);
    /// tx.send(2).unwrap();
    /// rx.mark_unchanged();
    /// assert!(!rx.has_changed().unwrap(), "only what comes now is news");
    /// ```
    pub fn mark_unchanged(&mut self) {
        self.version = self.shared.version();
    }

    /// Waits for a value that was not seen, and makes it count as seen.
    ///
    /// # Errors
    /// [`RecvError`] if every sender is gone and the last value was seen.
    ///
    /// # Cancel safety
    /// A cancelled wait has seen nothing.
    ///
    /// # Cost
    /// No read-modify-write if there is such a value.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel(0);
    /// let progress = selkie::spawn(async move {
    ///     let mut last = 0;
    ///     while rx.changed().await.is_ok() {
    ///         // Values in between may be missed, but never the last.
    ///         last = *rx.borrow_and_update();
    ///     }
    ///     last
    /// });
    /// for percent in [10, 50, 100] {
    ///     tx.send(percent).unwrap();
    /// }
    /// drop(tx);
    /// assert_eq!(progress.await.unwrap(), 100);
    /// # }
    /// ```
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        match self.shared.change(self.version).await {
            Ok(version) => {
                self.version = version;
                Ok(())
            }
            Err(()) => Err(RecvError::new()),
        }
    }

    /// Waits for a value that `f` accepts, beginning with the current one; it counts as seen, and
    /// so does every value that `f` refused.
    ///
    /// # Errors
    /// [`RecvError`] if every sender is gone and the last value is not accepted.
    ///
    /// # Panics
    /// If `f` does; the channel stays usable.
    ///
    /// # Cancel safety
    /// A wait that is cancelled may already have marked values as seen.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel(1);
    /// tx.send(5).unwrap();
    /// assert_eq!(*rx.wait_for(|value| *value > 3).await.unwrap(), 5);
    /// # }
    /// ```
    pub async fn wait_for(
        &mut self,
        mut f: impl FnMut(&T) -> bool,
    ) -> Result<Ref<'_, T>, RecvError> {
        let shared = &self.shared;
        let version = &mut self.version;
        let mut look = |closed: bool| {
            let (reading, current) = shared.read();
            let changed = current != *version;
            *version = current;
            if (!closed || changed) && f(&reading) {
                return Ok(Ref::new(reading, changed));
            }
            Err(current)
        };
        // The first look takes a unit if it ends the wait, a change that is waited for takes its own.
        let first = poll_fn(|cx| {
            let unit = ready!(coop::poll_proceed(cx));
            let found = look(false);
            if found.is_ok() {
                unit.made_progress();
            }
            Poll::Ready(found)
        });
        let mut seen = match first.await {
            Ok(found) => return Ok(found),
            Err(seen) => seen,
        };
        loop {
            let closed = shared.change(seen).await.is_err();
            match look(closed) {
                Ok(found) => return Ok(found),
                Err(_) if closed => return Err(RecvError::new()),
                Err(current) => seen = current,
            }
        }
    }

    /// Whether every sender is gone.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Whether both see the same value.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::watch;
    ///
    /// let (_tx, rx) = watch::channel(1);
    /// let (_tx, other) = watch::channel(1);
    /// assert!(rx.same_channel(&rx.clone()));
    /// assert!(!rx.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        // Relaxed: the caller has a receiver, so the count cannot reach zero meanwhile.
        self.shared.receivers.fetch_add(1, Ordering::Relaxed);
        Self {
            shared: self.shared.clone(),
            version: self.version,
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // AcqRel: pairs with the Acquire in `Sender::receiver_count`.
        if self.shared.receivers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.no_receivers.notify_waiters();
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
