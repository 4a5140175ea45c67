//! A cell for the latest value, from an interrupt handler to a task, without a heap.
//!
//! Idea        The value, and the waker of the task that waits, are under one lock, so that on a chip a
//!             signal is one critical section.
//! States      empty ⇄ one value;   a newer value replaces one that was not taken
//! Invariants  I1 there is a value or a waker, or neither: whoever stores one takes the other.
//!             I2 wakers are cloned, woken and dropped outside the lock, and values dropped there.
//!             I3 without threads the task that waits is woken in the critical section that takes its
//!             waker: a handler that finds no waker need not wake it.
//! Rejected    A queue of one: an interrupt that comes twice would find it full.
//!             [`WakerCell`](crate::wake::WakerCell): two read-modify-writes more, each of them a
//!             critical section on a core without compare-exchange.

use core::fmt;
use core::future::poll_fn;
use core::mem;
use core::task::{Context, Poll, Waker, ready};

use crate::coop;
use crate::maybe_const;
use crate::platform::{Lock, wake_to_caller, without_interrupts};

enum State<T> {
    Empty,
    Waited(Waker),
    Full(T),
}

/// Carries the latest value from any context, also from an interrupt handler, to one task that waits.
///
/// # Cost
/// A signal is one critical section (on a hosted system, one short lock) and never waits.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::Signal;
///
/// static READING: Signal<u16> = Signal::new();
///
/// fn interrupt() {
///     READING.signal(512);
/// }
///
/// interrupt();
/// assert_eq!(READING.wait().await, 512);
/// # }
/// ```
pub struct Signal<T> {
    state: Lock<State<T>>,
}

impl<T> Signal<T> {
    maybe_const! {
        /// A signal without a value.
        ///
        /// # Examples
        /// ```
        /// use selkie::sync::Signal;
        ///
        /// static PRESSED: Signal<u8> = Signal::new();
        ///
        /// PRESSED.signal(3);
        /// assert_eq!(PRESSED.try_take(), Some(3));
        /// assert_eq!(PRESSED.try_take(), None);
        /// ```
        pub fn new() -> Self {
            Self { state: Lock::new(State::Empty) }
        }
    }

    /// Stores `value`, and wakes the task that waits. Returns a value that nobody took.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::Signal;
    ///
    /// let newest = Signal::new();
    /// assert_eq!(newest.signal(1), None);
    /// assert_eq!(newest.signal(2), Some(1), "nobody took the first");
    /// assert_eq!(newest.try_take(), Some(2));
    /// ```
    pub fn signal(&self, value: T) -> Option<T> {
        // In one section (I3).
        without_interrupts(|| {
            let before = mem::replace(&mut *self.state.lock(), State::Full(value));
            match before {
                State::Empty => None,
                State::Waited(waker) => {
                    wake_to_caller(waker);
                    None
                }
                State::Full(value) => Some(value),
            }
        })
    }

    /// Takes the value if there is one. A task that waits goes on waiting.
    pub fn try_take(&self) -> Option<T> {
        let mut state = self.state.lock();
        match mem::replace(&mut *state, State::Empty) {
            State::Full(value) => Some(value),
            waiting => {
                // Nothing is dropped here but `Empty`.
                *state = waiting;
                None
            }
        }
    }

    /// Whether there is a value.
    pub fn is_signaled(&self) -> bool {
        matches!(*self.state.lock(), State::Full(_))
    }

    /// Waits for a value and takes it. One task at a time may wait: a second one replaces
    /// the first, which is not woken any more.
    ///
    /// # Cancel safety
    /// Nothing is lost. A cancelled wait leaves its waker behind, so that the next signal may wake
    /// its task without cause.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::Signal;
    ///
    /// static TEMPERATURE: Signal<i16> = Signal::new();
    ///
    /// let display = selkie::spawn(TEMPERATURE.wait());
    /// TEMPERATURE.signal(-4);
    /// assert_eq!(display.await.unwrap(), -4);
    /// # }
    /// ```
    pub async fn wait(&self) -> T {
        poll_fn(|cx| self.poll_wait(cx)).await
    }

    fn poll_wait(&self, cx: &mut Context<'_>) -> Poll<T> {
        let unit = ready!(coop::poll_proceed(cx));
        let waker = cx.waker().clone();
        let before = {
            let mut state = self.state.lock();
            let next = match &*state {
                State::Full(_) => State::Empty,
                _ => State::Waited(waker),
            };
            mem::replace(&mut *state, next)
        };
        let State::Full(value) = before else {
            return Poll::Pending;
        };
        unit.made_progress();
        Poll::Ready(value)
    }
}

impl<T> Default for Signal<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Signal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal")
            .field("signaled", &self.is_signaled())
            .finish()
    }
}
