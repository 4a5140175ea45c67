//! A queue that contains its storage, for statics: interrupt handlers and tasks push, and whoever runs
//! the tasks pops.
//!
//! Idea        [`FixedRing`] is the bare ring, for an owner that shares it with nobody; [`FixedQueue`]
//!             puts it in a lock, which on a chip is one critical section of a few instructions.
//! States      `len` values from `head` on; after the last slot comes the first
//! Invariants  I1 the `len` slots from `head` on hold values, the others nothing.
//!             I2 `head < N` and `len <= N`.
//! Rejected    A ring without a lock: on a core without compare-exchange each of its three steps
//!             would be a critical section, and one critical section is shorter. Besides, a producer
//!             that an interrupt suspends between its claim and its store would hide later values.
//!             `Option<T>` slots: one word more for each value.
//!             `index % N`: a core without a divider calls a routine for it.
#![allow(unsafe_code)]

use core::fmt;
use core::mem::MaybeUninit;

use crate::maybe_const;
use crate::platform::Lock;

/// The queue is full; the value comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Full<T> {
    /// What was not put into the queue.
    pub value: T,
    /// How many values the queue holds.
    pub capacity: usize,
}

impl<T> fmt::Display for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "queue full: {0} of {0} slots used", self.capacity)
    }
}

impl<T: fmt::Debug> core::error::Error for Full<T> {}

/// A first-in, first-out ring of up to `N` values with its storage in place and no lock.
///
/// # Cost
/// `N` values and two words; an operation is a move and a comparison.
///
/// # Examples
/// ```
/// use selkie_core::raw::queue::FixedRing;
///
/// let mut ring = FixedRing::<u8, 2>::new();
/// ring.push(1).unwrap();
/// ring.push(2).unwrap();
/// assert_eq!(ring.push(3).unwrap_err().value, 3);
/// assert_eq!(ring.pop(), Some(1));
/// ```
pub struct FixedRing<T, const N: usize> {
    slots: [MaybeUninit<T>; N],
    head: usize,
    len: usize,
}

impl<T, const N: usize> FixedRing<T, N> {
    /// A ring without values. One that could hold none does not compile.
    pub const fn new() -> Self {
        const { assert!(N > 0, "a queue holds at least one value") };
        Self {
            slots: [const { MaybeUninit::uninit() }; N],
            head: 0,
            len: 0,
        }
    }

    /// The slot `offset` places behind the head.
    const fn index(&self, offset: usize) -> usize {
        // No overflow: each is below `N`, of which there are so many values in memory (I2).
        let until_end = N - self.head;
        if offset < until_end {
            self.head + offset
        } else {
            offset - until_end
        }
    }

    /// Adds `value` at the end.
    ///
    /// # Errors
    /// [`Full`] with the value.
    pub fn push(&mut self, value: T) -> Result<(), Full<T>> {
        if self.len == N {
            return Err(Full { value, capacity: N });
        }
        // SAFETY: not full.
        unsafe { self.push_unchecked(value) };
        Ok(())
    }

    /// Adds `value` at the end.
    ///
    /// # Safety
    /// The ring is not full.
    #[inline]
    pub(crate) unsafe fn push_unchecked(&mut self, value: T) {
        debug_assert!(self.len < N, "a full ring");
        let index = self.index(self.len);
        // SAFETY: below `N` (I2); an index in brackets would bring code that panics into firmware.
        unsafe { self.slots.get_unchecked_mut(index) }.write(value);
        self.len += 1;
    }

    /// Takes the oldest value.
    pub fn pop(&mut self) -> Option<T> {
        // SAFETY: not empty.
        (self.len > 0).then(|| unsafe { self.pop_unchecked() })
    }

    /// Takes the oldest value.
    ///
    /// # Safety
    /// The ring is not empty.
    #[inline]
    pub(crate) unsafe fn pop_unchecked(&mut self) -> T {
        debug_assert!(self.len > 0, "an empty ring");
        // SAFETY: below `N` (I2).
        let slot = unsafe { self.slots.get_unchecked(self.head) };
        // SAFETY: the first of `len` slots holds a value (I1), which leaves with the next lines.
        let value = unsafe { slot.assume_init_read() };
        self.head = self.index(1);
        self.len -= 1;
        value
    }

    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no value.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many values there can be.
    pub const fn capacity(&self) -> usize {
        N
    }
}

impl<T, const N: usize> Drop for FixedRing<T, N> {
    fn drop(&mut self) {
        while let Some(value) = self.pop() {
            drop(value);
        }
    }
}

impl<T, const N: usize> Default for FixedRing<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> fmt::Debug for FixedRing<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedRing")
            .field("len", &self.len)
            .field("capacity", &N)
            .finish()
    }
}

/// A first-in, first-out queue of up to `N` values with its storage in place: anyone pushes and
/// pops, interrupt handlers too.
///
/// It wakes nobody: who sleeps until a value comes is notified by other means.
/// [`FixedChannel`](crate::sync::FixedChannel) is the queue for tasks that wait.
///
/// # Cost
/// Each operation is one critical section (on a hosted system, one short lock), and never waits
/// for room or for a value.
///
/// # Examples
/// ```
/// use selkie_core::raw::queue::FixedQueue;
///
/// static READY: FixedQueue<u8, 16> = FixedQueue::new();
///
/// fn interrupt() {
///     READY.push(7).expect("at most sixteen tasks");
/// }
///
/// interrupt();
/// assert_eq!(READY.pop(), Some(7));
/// assert_eq!(READY.pop(), None);
/// ```
pub struct FixedQueue<T, const N: usize> {
    ring: Lock<FixedRing<T, N>>,
}

impl<T, const N: usize> FixedQueue<T, N> {
    maybe_const! {
        /// A queue without values. One that could hold none does not compile.
        pub fn new() -> Self {
            Self { ring: Lock::new(FixedRing::new()) }
        }
    }

    /// Adds `value` at the end.
    ///
    /// # Errors
    /// [`Full`] with the value.
    pub fn push(&self, value: T) -> Result<(), Full<T>> {
        self.ring.lock().push(value)
    }

    /// Takes the oldest value.
    pub fn pop(&self) -> Option<T> {
        self.ring.lock().pop()
    }

    /// How many values there are at this moment.
    pub fn len(&self) -> usize {
        self.ring.lock().len()
    }

    /// Whether there is no value at this moment.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values there can be.
    pub const fn capacity(&self) -> usize {
        N
    }
}

impl<T, const N: usize> Default for FixedQueue<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> fmt::Debug for FixedQueue<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ring.lock().fmt(f)
    }
}
