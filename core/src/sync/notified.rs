//! The future of a borrowed [`Notify`].
//!
//! Idea        A [`Wait`], and a reference to the `Notify` that it belongs to.
#![allow(unsafe_code)]

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::notify::Notify;
use super::notify_wait::Wait;

/// Waits for a notification; made by [`Notify::notified`].
///
/// # Cancel safety
/// If it is dropped before it was notified, it loses its position in the queue. A single notification that it
/// was given and did not see goes to the next waiter.
///
/// # Cost
/// If nobody else waits, two read-modify-writes to begin the wait and none to end it; one to take a
/// notification that was remembered.
///
/// # Example
/// ```
/// use core::pin::pin;
/// use selkie_core::raw::platform::block_on;
/// use selkie_core::sync::Notify;
///
/// static CHANGED: Notify = Notify::const_new();
///
/// block_on(async {
///     let mut waiting = pin!(CHANGED.notified());
///     // From here on no notification is missed, so look at the condition now.
///     waiting.as_mut().enable();
///     CHANGED.notify_waiters();
///     waiting.await;
/// });
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Notified<'a> {
    notify: &'a Notify,
    wait: Wait,
}

impl Notify {
    /// A future that completes with the next notification.
    ///
    /// It takes its position in the queue with the first poll, or with
    /// [`enable`](Notified::enable); calls of `notify_waiters` count from now on.
    ///
    /// # Cancel safety
    /// A cancelled wait loses its position in the queue, and passes a notification on.
    pub fn notified(&self) -> Notified<'_> {
        Notified {
            notify: self,
            wait: Wait::new(self),
        }
    }
}

impl<'a> Notified<'a> {
    fn project(self: Pin<&mut Self>) -> (&'a Notify, Pin<&mut Wait>) {
        // SAFETY: `wait` is structurally pinned: it is moved out nowhere.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        (this.notify, unsafe { Pin::new_unchecked(&mut this.wait) })
    }

    /// Takes the position in the queue now; `true` if a notification was there already.
    ///
    /// # Example
    /// ```
    /// use core::pin::pin;
    /// use selkie_core::sync::Notify;
    ///
    /// let changed = Notify::new();
    /// let mut waiting = pin!(changed.notified());
    /// assert!(!waiting.as_mut().enable());
    /// changed.notify_one();
    /// assert!(waiting.as_mut().enable());
    /// ```
    pub fn enable(self: Pin<&mut Self>) -> bool {
        let (notify, wait) = self.project();
        wait.advance(notify, None)
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (notify, wait) = self.project();
        wait.poll(notify, cx)
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        // SAFETY: the future is not moved any more.
        let (notify, wait) = unsafe { Pin::new_unchecked(self) }.project();
        wait.leave(notify);
    }
}
