//! The receiving side of a [`FixedWatch`].
//!
//! Idea        A receiver is a borrow of the channel, with the version that it saw last.
//! States      of a wait:  fresh → queued → taken out;   dropped while queued: leaves the queue
//! Invariants  those of [`watch`](super::watch).
#![allow(unsafe_code)]

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::watch::FixedWatch;
use crate::coop;
use crate::wake::{WaitNode, WaitState};

impl<T> FixedWatch<T> {
    /// A new receiver, for which the current value counts as seen. There may be any number.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// let watch = FixedWatch::new('a');
    /// let mut receiver = watch.subscribe();
    /// assert!(!receiver.has_changed(), "the present value counts as seen");
    /// watch.send('b');
    /// assert_eq!(receiver.get_and_update(), 'b');
    /// ```
    pub fn subscribe(&self) -> FixedWatchReceiver<'_, T> {
        let seen = self.state.lock().version;
        FixedWatchReceiver { watch: self, seen }
    }
}

/// Sees the latest value of a [`FixedWatch`], and is notified when it changes.
///
/// # Cost
/// Two words; each operation is one critical section (on a hosted system, one short lock).
///
/// # Examples
/// ```
/// use selkie::sync::FixedWatch;
///
/// static MODE: FixedWatch<char> = FixedWatch::new('a');
///
/// let mut mode = MODE.subscribe();
/// assert!(!mode.has_changed());
/// MODE.send('b');
/// assert!(mode.has_changed());
/// assert_eq!(mode.get_and_update(), 'b');
/// assert!(!mode.has_changed());
/// ```
pub struct FixedWatchReceiver<'a, T> {
    watch: &'a FixedWatch<T>,
    seen: usize,
}

impl<'a, T> FixedWatchReceiver<'a, T> {
    /// The [`FixedWatch`] that this receiver belongs to.
    pub const fn watch(&self) -> &'a FixedWatch<T> {
        self.watch
    }

    /// A copy of the value, which does not count as seen by this call.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// let watch = FixedWatch::new(1);
    /// let receiver = watch.subscribe();
    /// watch.send(2);
    /// assert_eq!(receiver.get(), 2);
    /// assert!(receiver.has_changed(), "to look is not to have seen");
    /// ```
    pub fn get(&self) -> T
    where
        T: Copy,
    {
        self.watch.get()
    }

    /// A copy of the value, which counts as seen from now on.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// let watch = FixedWatch::new(1);
    /// let mut receiver = watch.subscribe();
    /// watch.send(2);
    /// assert_eq!(receiver.get_and_update(), 2);
    /// assert!(!receiver.has_changed());
    /// ```
    pub fn get_and_update(&mut self) -> T
    where
        T: Copy,
    {
        self.look_and_update(|value| *value)
    }

    /// Calls `look` with the value, which counts as seen from now on, in the critical section:
    /// make it short.
    ///
    /// # Panics
    /// As [`FixedWatch::look`].
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// let name = FixedWatch::new([b'a'; 32]);
    /// let mut receiver = name.subscribe();
    /// name.send([b'b'; 32]);
    /// // One byte of the name, without a copy of the others.
    /// assert_eq!(receiver.look_and_update(|name| name[0]), b'b');
    /// assert!(!receiver.has_changed());
    /// ```
    pub fn look_and_update<R>(&mut self, look: impl FnOnce(&T) -> R) -> R {
        let state = self.watch.state.lock();
        self.seen = state.version;
        look(&state.value)
    }

    /// Whether there is a value that was not seen.
    pub fn has_changed(&self) -> bool {
        self.watch.state.lock().version != self.seen
    }

    /// Makes the current value count as not seen.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::FixedWatch;
    ///
    /// let setting = FixedWatch::new(5);
    /// let mut receiver = setting.subscribe();
    /// // A loop over changes shall begin with the present value.
    /// receiver.mark_changed();
    /// receiver.changed().await;
    /// assert_eq!(receiver.get(), 5);
    /// # }
    /// ```
    pub fn mark_changed(&mut self) {
        self.seen = self.watch.state.lock().version.wrapping_sub(1);
    }

    /// Makes the current value count as seen.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// let setting = FixedWatch::new(5);
    /// let mut receiver = setting.subscribe();
    /// setting.send(6);
    /// receiver.mark_unchanged();
    /// assert!(!receiver.has_changed(), "only what comes now is news");
    /// ```
    pub fn mark_unchanged(&mut self) {
        self.seen = self.watch.state.lock().version;
    }

    /// Waits for a value that was not seen, and makes it count as seen.
    ///
    /// # Cancel safety
    /// A cancelled wait has seen nothing.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::FixedWatch;
    ///
    /// static LEVEL: FixedWatch<u8> = FixedWatch::new(0);
    ///
    /// let mut receiver = LEVEL.subscribe();
    /// selkie::spawn(async { LEVEL.send(9) });
    /// receiver.changed().await;
    /// assert_eq!(receiver.get(), 9);
    /// # }
    /// ```
    pub async fn changed(&mut self) {
        self.seen = Changed::new(self).await;
    }

    /// Waits for a value that `f` accepts, beginning with the current one, and returns it; it
    /// counts as seen, and so does every value that `f` refused. `f` runs outside the critical
    /// section.
    ///
    /// # Panics
    /// If `f` does; the channel stays usable.
    ///
    /// # Cancel safety
    /// A cancelled wait may have seen values.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::FixedWatch;
    ///
    /// static LEVEL: FixedWatch<u8> = FixedWatch::new(0);
    ///
    /// let mut receiver = LEVEL.subscribe();
    /// selkie::spawn(async {
    ///     for level in 1..=9 {
    ///         LEVEL.send(level);
    ///         selkie::task::yield_now().await;
    ///     }
    /// });
    /// let level = receiver.wait_for(|level| *level >= 5).await;
    /// assert!(level >= 5);
    /// # }
    /// ```
    pub async fn wait_for(&mut self, mut f: impl FnMut(&T) -> bool) -> T
    where
        T: Copy,
    {
        // The first look takes a unit if it ends the wait, a change that is waited for takes its own.
        let first = poll_fn(|cx| {
            let unit = ready!(coop::poll_proceed(cx));
            let value = self.get_and_update();
            let accepted = f(&value);
            if accepted {
                unit.made_progress();
            }
            Poll::Ready(accepted.then_some(value))
        });
        if let Some(value) = first.await {
            return value;
        }
        loop {
            self.changed().await;
            let value = self.get_and_update();
            if f(&value) {
                return value;
            }
        }
    }
}

impl<T> Clone for FixedWatchReceiver<'_, T> {
    fn clone(&self) -> Self {
        Self {
            watch: self.watch,
            seen: self.seen,
        }
    }
}

impl<T> fmt::Debug for FixedWatchReceiver<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedWatchReceiver")
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

/// Waits for another version than `seen`.
pub(super) struct Changed<'a, T> {
    pub(super) watch: &'a FixedWatch<T>,
    pub(super) seen: usize,
    node: WaitNode<usize>,
}

impl<'a, T> Changed<'a, T> {
    pub(super) fn new(receiver: &FixedWatchReceiver<'a, T>) -> Self {
        Self {
            watch: receiver.watch,
            seen: receiver.seen,
            node: WaitNode::new(0),
        }
    }
}

impl<T> Future for Changed<'_, T> {
    type Output = usize;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let unit = ready!(coop::poll_proceed(cx));
        let waker = cx.waker().clone();
        let this = self.as_ref().get_ref();
        // SAFETY: structurally pinned.
        let node = unsafe { Pin::new_unchecked(&this.node) };
        let mut state = this.watch.state.lock();
        let version = state.version;
        if version != this.seen {
            // SAFETY: the node is in this queue, or in none.
            let own = unsafe { state.waiters.remove(node) };
            drop(state);
            drop((own, waker));
            unit.made_progress();
            return Poll::Ready(version);
        }
        let spare = if node.state() == WaitState::Queued {
            // SAFETY: the node is in this queue.
            unsafe { state.waiters.set_waker(node, waker) }
        } else {
            // SAFETY: the node is in no queue; `drop` removes it.
            unsafe { state.waiters.push(node, waker, version) };
            None
        };
        drop(state);
        drop(spare);
        Poll::Pending
    }
}

impl<T> Drop for Changed<'_, T> {
    fn drop(&mut self) {
        // SAFETY: pinned since it was queued, and dropped in place.
        let node = unsafe { Pin::new_unchecked(&self.node) };
        if node.state() != WaitState::Queued {
            return;
        }
        // SAFETY: the node is in this queue, or was taken out meanwhile.
        let own = unsafe { self.watch.state.lock().waiters.remove(node) };
        drop(own);
    }
}
