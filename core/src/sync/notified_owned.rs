//! The future of a [`Notify`] that it keeps alive.
//!
//! Idea        A [`Wait`], and an `Arc` of the `Notify` that it belongs to.
#![allow(unsafe_code)]

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::notify::Notify;
use super::notify_wait::Wait;
use crate::platform::OwnerArc;

/// Waits for a notification; made by [`Notify::notified_owned`].
///
/// # Cancel safety
/// As [`Notified`](super::futures::Notified).
///
/// # Cost
/// As [`Notified`](super::futures::Notified), and a count of the owners.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use selkie_core::raw::platform::block_on;
/// use selkie_core::sync::Notify;
///
/// let changed = Arc::new(Notify::new());
/// let waiting = changed.clone().notified_owned();
/// changed.notify_waiters();
/// block_on(waiting);
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct OwnedNotified {
    notify: OwnerArc<Notify>,
    wait: Wait,
}

impl Notify {
    /// As [`notified`](Self::notified), for a future that outlives the borrower.
    ///
    /// # Cancel safety
    /// A cancelled wait loses its position in the queue, and passes a notification on.
    pub fn notified_owned(self: OwnerArc<Self>) -> OwnedNotified {
        OwnedNotified {
            wait: Wait::new(&self),
            notify: self,
        }
    }
}

impl OwnedNotified {
    fn project(self: Pin<&mut Self>) -> (&Notify, Pin<&mut Wait>) {
        // SAFETY: `wait` is structurally pinned: it is moved out nowhere.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        (&this.notify, unsafe { Pin::new_unchecked(&mut this.wait) })
    }

    /// Takes the position in the queue now; `true` if a notification was there already.
    pub fn enable(self: Pin<&mut Self>) -> bool {
        let (notify, wait) = self.project();
        wait.advance(notify, None)
    }
}

impl Future for OwnedNotified {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (notify, wait) = self.project();
        wait.poll(notify, cx)
    }
}

impl Drop for OwnedNotified {
    fn drop(&mut self) {
        // SAFETY: the future is not moved any more.
        let (notify, wait) = unsafe { Pin::new_unchecked(self) }.project();
        wait.leave(notify);
    }
}
