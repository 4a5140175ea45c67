//! A channel that contains its storage: for statics, between interrupt handlers and tasks.
//!
//! Idea        Everything is under one lock, which on a chip is a critical section. Free slots and values are two kinds of
//!             [`Permits`]: who sends takes a free slot and gives a value, who receives takes a value and gives a free slot.
//! States      of a slot: free, taken by a sender, full, full and taken by a receiver
//! Invariants  I1 the ring has at least as many values as there are permits of values, left and given; as many slots are free as
//!                there are permits of room, left and given.
//!             I2 whoever was given a permit is woken after the lock is released; without threads in the
//!                same critical section, so that nobody waits until a suspended context goes on.
//! Rejected    A lock-free ring: on a core without compare-exchange each of its three steps would be a
//!             critical section, and one critical section is shorter.
#![allow(unsafe_code)]

use core::fmt;
use core::task::Waker;

use super::permits::Permits;
use crate::maybe_const;
use crate::platform::{InSection, LeafLock, in_section, wake_to_caller};
use crate::queue::{FixedRing, Full};

pub(super) struct State<T, const N: usize> {
    ring: FixedRing<T, N>,
    pub(super) room: Permits,
    pub(super) values: Permits,
}

impl<T, const N: usize> State<T, N> {
    /// Adds a value; returns whom to wake.
    ///
    /// # Safety
    /// The caller has a permit of room, which it gives up.
    pub(super) unsafe fn push(&mut self, value: T) -> Option<Waker> {
        // SAFETY: a permit of room stands for a free slot (I1).
        unsafe { self.ring.push_unchecked(value) };
        self.values.give()
    }

    /// Takes the oldest value; returns also whom to wake.
    ///
    /// # Safety
    /// The caller has a permit of values, which it gives up.
    pub(super) unsafe fn pop(&mut self) -> (T, Option<Waker>) {
        // SAFETY: a permit of values stands for one in the ring (I1).
        let value = unsafe { self.ring.pop_unchecked() };
        (value, self.room.give())
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
    pub(super) state: LeafLock<State<T, N>>,
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
                state: LeafLock::new(State {
                    ring: FixedRing::new(),
                    room: Permits::new(),
                    values: Permits::new(),
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
        // In one section (I2).
        in_section(|section| {
            let sent = self.change(section, |state| {
                if !state.room.take(N) {
                    return Err(Full { value, capacity: N });
                }
                // SAFETY: a permit was taken.
                Ok(unsafe { state.push(value) })
            });
            wake(sent?);
            Ok(())
        })
    }

    /// Takes the oldest value if there is one and no receiver waits for it.
    pub fn try_recv(&self) -> Option<T> {
        // In one section (I2).
        in_section(|section| {
            let (value, next) = self.change(section, |state| {
                // SAFETY: a permit was taken.
                state.values.take(0).then(|| unsafe { state.pop() })
            })?;
            wake(next);
            Some(value)
        })
    }

    /// Calls `f` under the lock.
    #[inline(always)]
    pub(super) fn change<R>(
        &self,
        section: &InSection,
        f: impl FnOnce(&mut State<T, N>) -> R,
    ) -> R {
        // SAFETY: what is called under the lock moves values and takes no lock.
        unsafe { self.state.with(section, f) }
    }

    /// How many values are in the queue.
    pub fn len(&self) -> usize {
        in_section(|section| self.change(section, |state| state.ring.len()))
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

/// Wakes whom a change of the state gave a permit. No lock may be held.
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
