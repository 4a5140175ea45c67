//! The future of a borrowed [`Notify`], and what it shares with that of a [`Notify`] that it keeps alive.
//!
//! Idea        A [`WaitOn`] is a [`Wait`] and a way to the `Notify` that it belongs to: a reference here, an `Arc` in
//!             [`notified_owned`](super::notified_owned).
//! Invariants  I1 a `Wait` that has begun leaves its `Notify` before its memory is used again: it is pinned, and
//!             the drop of the `WaitOn` calls `leave`.
#![allow(unsafe_code)]

use core::fmt;
use core::future::Future;
use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::notify::Notify;
use super::notify_wait::Wait;

/// A wait for a notification of a `Notify` that is reached by `N`.
pub(super) struct WaitOn<N: Deref<Target = Notify>> {
    notify: N,
    wait: Wait,
}

impl<N: Deref<Target = Notify>> WaitOn<N> {
    pub(super) fn new(notify: N) -> Self {
        Self {
            wait: Wait::new(&notify),
            notify,
        }
    }

    fn project(self: Pin<&mut Self>) -> (&Notify, Pin<&mut Wait>) {
        // SAFETY: `wait` is structurally pinned: it is moved out nowhere.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        (&this.notify, unsafe { Pin::new_unchecked(&mut this.wait) })
    }

    /// Takes the position in the queue now; `true` if a notification was there already.
    pub(super) fn enable(self: Pin<&mut Self>) -> bool {
        let (notify, wait) = self.project();
        wait.advance(notify, None)
    }

    pub(super) fn poll_notified(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (notify, wait) = self.project();
        wait.poll(notify, cx)
    }

    /// Prints the wait as the public type `name`.
    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("notify", &*self.notify)
            .field("wait", &self.wait)
            .finish()
    }
}

impl<N: Deref<Target = Notify>> Drop for WaitOn<N> {
    fn drop(&mut self) {
        // SAFETY: the wait is not moved any more.
        let (notify, wait) = unsafe { Pin::new_unchecked(self) }.project();
        wait.leave(notify);
    }
}

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
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use core::pin::pin;
/// use selkie::sync::Notify;
///
/// static CHANGED: Notify = Notify::const_new();
///
/// let mut waiting = pin!(CHANGED.notified());
/// // From here on no notification is missed, so look at the condition now.
/// waiting.as_mut().enable();
/// CHANGED.notify_waiters();
/// waiting.await;
/// # }
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct Notified<'a>(WaitOn<&'a Notify>);

impl Notify {
    /// A future that completes with the next notification.
    ///
    /// It takes its position in the queue with the first poll, or with
    /// [`enable`](Notified::enable); calls of `notify_waiters` count from now on.
    ///
    /// # Cancel safety
    /// A cancelled wait loses its position in the queue, and passes a notification on.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use selkie::sync::Notify;
    ///
    /// let state = Arc::new((AtomicBool::new(false), Notify::new()));
    /// let task = selkie::spawn({
    ///     let state = state.clone();
    ///     async move {
    ///         state.0.store(true, Ordering::Release);
    ///         state.1.notify_one();
    ///     }
    /// });
    /// while !state.0.load(Ordering::Acquire) {
    ///     // A notification between the look and this wait is remembered.
    ///     state.1.notified().await;
    /// }
    /// task.await.unwrap();
    /// # }
    /// ```
    pub fn notified(&self) -> Notified<'_> {
        Notified(WaitOn::new(self))
    }
}

impl<'a> Notified<'a> {
    fn wait(self: Pin<&mut Self>) -> Pin<&mut WaitOn<&'a Notify>> {
        // SAFETY: the one field is pinned as the whole is.
        unsafe { self.map_unchecked_mut(|this| &mut this.0) }
    }

    /// Takes the position in the queue now; `true` if a notification was there already.
    ///
    /// # Examples
    /// ```
    /// use core::pin::pin;
    /// use selkie::sync::Notify;
    ///
    /// let changed = Notify::new();
    /// let mut waiting = pin!(changed.notified());
    /// assert!(!waiting.as_mut().enable());
    /// changed.notify_one();
    /// assert!(waiting.as_mut().enable());
    /// ```
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.wait().enable()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.wait().poll_notified(cx)
    }
}

impl fmt::Debug for Notified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("Notified", f)
    }
}
