//! A channel that contains its storage: for statics, between interrupt handlers and tasks.
//!
//! Idea        Everything is under one lock, which on a chip is a critical section. When room or a value
//!             becomes free while somebody waits, it is promised to the first in the wait queue, so that
//!             a task that comes later cannot take it.
//! States      of a slot: free, promised to a sender, full, full and promised to a receiver
//! Invariants  I1 `ring.len() + promised_room <= N`, and equal while a sender waits.
//!             I2 `promised_values <= ring.len()`, and equal while a receiver waits.
//!             I3 a promise is used or passed on, also when its future is dropped.
//!             I4 whoever was promised something is woken after the lock is released; without threads in the
//!             same critical section, so that nobody waits until a suspended context goes on.
//! Rejected    A lock-free ring: on a core without compare-exchange each of its three steps would be a
//!             critical section, and one critical section is shorter.

use core::fmt;
use core::task::Waker;

use crate::maybe_const;
use crate::platform::{Lock, wake_to_caller, without_interrupts};
use crate::queue::{FixedRing, Full};
use crate::wake::WaitQueue;

pub(super) struct State<T, const N: usize> {
    ring: FixedRing<T, N>,
    pub(super) promised_room: usize,
    pub(super) promised_values: usize,
    pub(super) senders: WaitQueue<()>,
    pub(super) receivers: WaitQueue<()>,
}

impl<T, const N: usize> State<T, N> {
    pub(super) fn has_room(&self) -> bool {
        self.ring.len() + self.promised_room < N
    }

    pub(super) fn has_value(&self) -> bool {
        self.ring.len() > self.promised_values
    }

    /// Adds a value, for which the caller knows there is room; returns whom to wake.
    pub(super) fn push(&mut self, value: T) -> Option<Waker> {
        let pushed = self.ring.push(value);
        debug_assert!(pushed.is_ok(), "room was promised, or found free (I1)");
        self.promise_value()
    }

    /// Takes the oldest value; returns also whom to wake.
    pub(super) fn pop(&mut self) -> (Option<T>, Option<Waker>) {
        let value = self.ring.pop();
        (value, self.promise_room())
    }

    /// Promises free room to the first sender in the queue, who is to be woken.
    pub(super) fn promise_room(&mut self) -> Option<Waker> {
        let waker = self.senders.pop_front(0)?;
        self.promised_room += 1;
        Some(waker)
    }

    /// Promises a value to the first receiver in the queue, who is to be woken.
    pub(super) fn promise_value(&mut self) -> Option<Waker> {
        let waker = self.receivers.pop_front(0)?;
        self.promised_values += 1;
        Some(waker)
    }
}

/// A queue of up to `N` values without a heap, from any number of senders to any number of
/// receivers.
///
/// It never closes. [`try_send`](Self::try_send) and [`try_recv`](Self::try_recv) may be called
/// in an interrupt handler.
///
/// # Cost
/// Each operation is one critical section (on a hosted system, one short lock).
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::FixedChannel;
///
/// static BYTES: FixedChannel<u8, 8> = FixedChannel::new();
///
/// fn interrupt(received: u8) {
///     if BYTES.try_send(received).is_err() {
///         // Count the overrun.
///     }
/// }
///
/// interrupt(b'!');
/// assert_eq!(BYTES.recv().await, b'!');
/// # }
/// ```
pub struct FixedChannel<T, const N: usize> {
    pub(super) state: Lock<State<T, N>>,
}

impl<T, const N: usize> FixedChannel<T, N> {
    maybe_const! {
        /// An empty queue. One that could hold nothing does not compile.
        ///
        /// # Examples
        /// ```
        /// use selkie::sync::FixedChannel;
        ///
        /// // Four values at most, in the static itself.
        /// static READINGS: FixedChannel<u16, 4> = FixedChannel::new();
        ///
        /// assert_eq!(READINGS.try_recv(), None);
        /// ```
        pub fn new() -> Self {
            Self {
                state: Lock::new(State {
                    ring: FixedRing::new(),
                    promised_room: 0,
                    promised_values: 0,
                    senders: WaitQueue::new(),
                    receivers: WaitQueue::new(),
                }),
            }
        }
    }

    /// Sends `value` if there is room and no sender waits.
    ///
    /// # Errors
    /// [`Full`] with the value.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedChannel;
    ///
    /// static KEYS: FixedChannel<char, 1> = FixedChannel::new();
    ///
    /// KEYS.try_send('a').unwrap();
    /// let full = KEYS.try_send('b').unwrap_err();
    /// assert_eq!(full.value, 'b', "the value comes back");
    /// assert_eq!(KEYS.try_recv(), Some('a'));
    /// ```
    pub fn try_send(&self, value: T) -> Result<(), Full<T>> {
        // In one section (I4).
        without_interrupts(|| {
            let mut state = self.state.lock();
            if !state.has_room() {
                return Err(Full { value, capacity: N });
            }
            let waker = state.push(value);
            drop(state);
            wake(waker);
            Ok(())
        })
    }

    /// Takes the oldest value if there is one and no receiver waits for it.
    pub fn try_recv(&self) -> Option<T> {
        // In one section (I4).
        without_interrupts(|| {
            let mut state = self.state.lock();
            if !state.has_value() {
                return None;
            }
            let (value, waker) = state.pop();
            drop(state);
            wake(waker);
            value
        })
    }

    /// How many values are in the queue.
    pub fn len(&self) -> usize {
        self.state.lock().ring.len()
    }

    /// Whether the queue holds no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values the queue can hold.
    pub const fn capacity(&self) -> usize {
        N
    }
}

/// Wakes whom a change of the state promised something. No lock may be held.
pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        wake_to_caller(waker);
    }
}

impl<T, const N: usize> Default for FixedChannel<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> fmt::Debug for FixedChannel<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedChannel")
            .field("len", &self.len())
            .field("capacity", &N)
            .finish()
    }
}
