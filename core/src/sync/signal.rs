//! A place for the latest value, from an interrupt handler to a task, without a heap.
//!
//! States      empty ⇄ one value;   a newer value replaces one that was not taken
//! Invariants  I1 the value is stored before the waker is looked for, and the waker before the
//!             value.
//! Rejected    A queue of one: an interrupt that comes twice would find it full.

use core::fmt;
use core::future::poll_fn;
use core::task::{Poll, ready};

use crate::coop;
use crate::maybe_const;
use crate::platform::Lock;
use crate::wake::WakerCell;

/// Hands the latest value from anyone, an interrupt handler too, to one task that waits.
///
/// # Cost
/// A signal is one critical section (on a hosted system, one short lock) and never waits.
///
/// # Example
/// ```
/// use selkie_core::platform::block_on;
/// use selkie_core::sync::Signal;
///
/// static READING: Signal<u16> = Signal::new();
///
/// fn interrupt() {
///     READING.signal(512);
/// }
///
/// interrupt();
/// assert_eq!(block_on(READING.wait()), 512);
/// ```
pub struct Signal<T> {
    value: Lock<Option<T>>,
    waiter: WakerCell,
}

impl<T> Signal<T> {
    maybe_const! {
        /// A signal without a value.
        pub fn new() -> Self {
            Self { value: Lock::new(None), waiter: WakerCell::new() }
        }
    }

    /// Stores `value`, and wakes the task that waits. Returns a value that nobody took.
    pub fn signal(&self, value: T) -> Option<T> {
        let before = self.value.lock().replace(value);
        self.waiter.wake();
        before
    }

    /// Takes the value if there is one.
    pub fn try_take(&self) -> Option<T> {
        self.value.lock().take()
    }

    /// Whether there is a value.
    pub fn is_signaled(&self) -> bool {
        self.value.lock().is_some()
    }

    /// Waits for a value and takes it. One task at a time may wait.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn wait(&self) -> T {
        poll_fn(|cx| {
            let unit = ready!(coop::poll_proceed(cx));
            let value = self.try_take().or_else(|| {
                self.waiter.register(cx.waker());
                self.try_take()
            });
            let Some(value) = value else {
                return Poll::Pending;
            };
            unit.made_progress();
            Poll::Ready(value)
        })
        .await
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
