//! The future of a [`Notify`] that it keeps alive.
//!
//! Idea        A [`WaitOn`], as [`Notified`](super::notified::Notified) is, that reaches its `Notify` by an `Arc`.
#![allow(unsafe_code)]

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::notified::WaitOn;
use super::notify::Notify;
use crate::platform::OwnerArc;

/// Waits for a notification; made by [`Notify::notified_owned`].
///
/// # Cancel safety
/// As [`Notified`](super::futures::Notified).
///
/// # Cost
/// As [`Notified`](super::futures::Notified), and a count of the owners.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::sync::Arc;
/// use selkie::sync::Notify;
///
/// let changed = Arc::new(Notify::new());
/// let waiting = changed.clone().notified_owned();
/// changed.notify_waiters();
/// waiting.await;
/// # }
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct OwnedNotified(WaitOn<OwnerArc<Notify>>);

impl Notify {
    /// As [`notified`](Self::notified), for a future that outlives the borrower.
    ///
    /// # Cancel safety
    /// A cancelled wait loses its position in the queue, and passes a notification on.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::Notify;
    ///
    /// let notify = Arc::new(Notify::new());
    /// // The future borrows nothing, so that it can go to another task.
    /// let waiter = selkie::spawn(notify.clone().notified_owned());
    /// notify.notify_one();
    /// waiter.await.unwrap();
    /// # }
    /// ```
    pub fn notified_owned(self: OwnerArc<Self>) -> OwnedNotified {
        OwnedNotified(WaitOn::new(self))
    }
}

impl OwnedNotified {
    fn wait(self: Pin<&mut Self>) -> Pin<&mut WaitOn<OwnerArc<Notify>>> {
        // SAFETY: the one field is pinned as the whole is.
        unsafe { self.map_unchecked_mut(|this| &mut this.0) }
    }

    /// Takes the position in the queue now; `true` if a notification was there already.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::pin::pin;
    /// use std::sync::Arc;
    /// use selkie::sync::Notify;
    ///
    /// let notify = Arc::new(Notify::new());
    /// let mut waiting = pin!(notify.clone().notified_owned());
    /// // In the queue from here on, before the first poll.
    /// assert!(!waiting.as_mut().enable());
    /// notify.notify_one();
    /// waiting.await;
    /// # }
    /// ```
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.wait().enable()
    }
}

impl Future for OwnedNotified {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.wait().poll_notified(cx)
    }
}

impl fmt::Debug for OwnedNotified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("OwnedNotified", f)
    }
}
