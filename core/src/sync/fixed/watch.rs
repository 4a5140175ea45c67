//! A channel that contains its storage and keeps the latest value: from interrupt handlers and tasks to any
//! number of tasks.
//!
//! Idea        Value, version and wait queue are under one lock, which on a chip is a critical section. A
//!             receiver keeps the version that it saw last; its position in the queue lies in its own
//!             future, so there may be as many receivers as there are tasks.
//! States      version 0 ─send→ 1 ─send→ 2 …, and from the largest to 0
//! Invariants  I1 a receiver stands in the wait queue with the version that was current when it joined, so
//!             older ones stand before newer ones.
//!             I2 whoever changes the version takes the older waiters out of the wait queue, one in each
//!             critical section, and wakes each after the lock is released; without threads before the
//!             section ends, so that none waits until a suspended sender goes on.
//! Rejected    A table of `N` receivers: the nodes in the futures need no memory of the channel.
//!             Clones of the value under the lock: they are foreign code. Instead the value is copied,
//!             or passed to a function of which the user knows that it runs under the lock.
//!             A closed state: the sender in a static is never dropped.

use core::fmt;
use core::mem;
use core::task::Waker;

use crate::maybe_const;
use crate::platform::{Lock, LockGuard, without_interrupts};
use crate::wake::{FirstPanic, WaitQueue};

pub(super) struct State<T> {
    pub(super) value: T,
    pub(super) version: usize,
    pub(super) waiters: WaitQueue<usize>,
}

impl<T> State<T> {
    /// Takes the first one out of the wait queue who joined before the current version.
    fn pop_outdated(&mut self) -> Option<Waker> {
        let joined = *self.waiters.front()?;
        if joined == self.version {
            return None;
        }
        self.waiters.pop_front(0)
    }
}

/// Keeps the latest value, without a heap: any context may change it, also an interrupt handler, and
/// [receivers](super::FixedWatchReceiver) wait for changes.
///
/// It never closes. [`watch`](crate::sync::watch) is the channel for a system with a heap.
///
/// # Cost
/// To change or to read the value is one critical section (on a hosted system, one short lock); a change takes
/// one more for each further receiver that waits. The length of none depends on the number of receivers.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::FixedWatch;
///
/// static MILLIVOLTS: FixedWatch<u16> = FixedWatch::new(0);
///
/// fn interrupt() {
///     MILLIVOLTS.send(3300);
/// }
///
/// let mut display = MILLIVOLTS.subscribe();
/// let mut alarm = MILLIVOLTS.subscribe();
/// interrupt();
/// display.changed().await;
/// assert_eq!(display.get_and_update(), 3300);
/// assert_eq!(alarm.wait_for(|&level| level > 3000).await, 3300);
/// # }
/// ```
pub struct FixedWatch<T> {
    pub(super) state: Lock<State<T>>,
}

impl<T> FixedWatch<T> {
    maybe_const! {
        /// A watch that begins with `value`.
        ///
        /// # Examples
        /// ```
        /// use selkie::sync::FixedWatch;
        ///
        /// static VOLUME: FixedWatch<u8> = FixedWatch::new(30);
        ///
        /// assert_eq!(VOLUME.get(), 30);
        /// ```
        pub fn new(value: T) -> Self {
            Self {
                state: Lock::new(State {
                    value,
                    version: 0,
                    waiters: WaitQueue::new(),
                }),
            }
        }
    }

    /// Replaces the value and tells the receivers. The old value is dropped outside the critical
    /// section.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// static VOLUME: FixedWatch<u8> = FixedWatch::new(30);
    ///
    /// let speaker = VOLUME.subscribe();
    /// VOLUME.send(50);
    /// assert!(speaker.has_changed());
    /// assert_eq!(speaker.get(), 50);
    /// ```
    pub fn send(&self, value: T) {
        drop(self.send_replace(value));
    }

    /// Replaces the value, tells the receivers, and returns the old value.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// let mode = FixedWatch::new("idle");
    /// assert_eq!(mode.send_replace("running"), "idle");
    /// assert_eq!(mode.get(), "running");
    /// ```
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|current| mem::swap(current, &mut value));
        value
    }

    /// Changes the value in place and tells the receivers.
    ///
    /// `modify` runs in the critical section: make it short.
    ///
    /// # Panics
    /// If `modify` does, or, without threads, if it comes back to this watch; with threads that
    /// waits for itself.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// let position = FixedWatch::new((0, 0));
    /// let receiver = position.subscribe();
    /// position.send_modify(|position| position.1 += 5);
    /// assert!(receiver.has_changed());
    /// assert_eq!(receiver.get(), (0, 5));
    /// ```
    pub fn send_modify(&self, modify: impl FnOnce(&mut T)) {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place, and tells the receivers if `modify` returns `true`, which is
    /// returned.
    ///
    /// `modify` runs in the critical section: make it short.
    ///
    /// # Panics
    /// As [`send_modify`](Self::send_modify).
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// let highest = FixedWatch::new(10);
    /// let receiver = highest.subscribe();
    /// let report = |level: u8| highest.send_if_modified(|highest| {
    ///     let is_higher = level > *highest;
    ///     *highest = level.max(*highest);
    ///     is_higher
    /// });
    /// assert!(!report(7));
    /// assert!(!receiver.has_changed(), "the receivers are not notified");
    /// assert!(report(12));
    /// assert_eq!(receiver.get(), 12);
    /// ```
    pub fn send_if_modified(&self, modify: impl FnOnce(&mut T) -> bool) -> bool {
        // A waker that panics keeps none of the others from being woken.
        let mut panic = FirstPanic::default();
        let first = without_interrupts(|| {
            let mut state = self.state.lock();
            if !modify(&mut state.value) {
                return None;
            }
            state.version = state.version.wrapping_add(1);
            Some(Self::wake_outdated(state, &mut panic))
        });
        let mut more = first == Some(true);
        while more {
            more = without_interrupts(|| Self::wake_outdated(self.state.lock(), &mut panic));
        }
        first.is_some()
    }

    /// Wakes the first one in the wait queue who joined before the current version, after the lock is let
    /// go (I2); says whether there may be another.
    fn wake_outdated(mut state: LockGuard<'_, State<T>>, panic: &mut FirstPanic) -> bool {
        let outdated = state.pop_outdated();
        let more = outdated.is_some() && !state.waiters.is_empty();
        drop(state);
        if let Some(waker) = outdated {
            panic.keep(waker);
        }
        more
    }

    /// A copy of the value.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// let watch = FixedWatch::new(1);
    /// watch.send(2);
    /// assert_eq!(watch.get(), 2);
    /// ```
    pub fn get(&self) -> T
    where
        T: Copy,
    {
        self.state.lock().value
    }

    /// Calls `look` with the value, in the critical section: make it short.
    ///
    /// # Panics
    /// As [`send_modify`](Self::send_modify).
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedWatch;
    ///
    /// static NAME: FixedWatch<[u8; 8]> = FixedWatch::new(*b"selkie  ");
    /// assert_eq!(NAME.look(|name| name[0]), b's');
    /// ```
    pub fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.state.lock().value)
    }
}

impl<T: Default> Default for FixedWatch<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for FixedWatch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.state.lock().version;
        f.debug_struct("FixedWatch")
            .field("version", &version)
            .finish_non_exhaustive()
    }
}
