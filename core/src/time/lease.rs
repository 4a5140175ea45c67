//! Homes for hosted runtimes, from a process-wide pool that never frees.
//!
//! Idea        Timers keep a plain pointer to their home, so homes outlive everything; a runtime
//!             that ends gives its homes back for the next one.
//! Invariants  I1 a home is in the pool only while closed.
//! Rejected    `Arc<Timers>` in each timer: two read-modify-writes per timer.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Deref;
use core::task::Waker;

use super::home::Home;
use super::mode::{AtEnd, Mode};
use super::timers::Timers;
use crate::platform::Lock;
use crate::process_static;

process_static! {
    static POOL: Lock<Vec<&'static Timers>> = Lock::new(Vec::new());
}

/// A home that a worker uses until this is dropped; it derefs to its [`Home`].
#[derive(Debug)]
#[must_use = "dropping it shuts the timers down"]
pub struct TimersLease {
    home: Home,
}

impl TimersLease {
    /// Takes a home from the pool, or makes one, and opens it; see [`Timers::open_until`].
    ///
    /// # Cost
    /// A new home takes 6 KiB, which are kept for later runtimes.
    pub fn new(at_end: AtEnd, mode: Mode, unpark: Waker) -> Self {
        let pooled = POOL.lock().pop();
        let timers = pooled.unwrap_or_else(|| Box::leak(Box::default()));
        Self {
            home: timers.open_until(at_end, mode, unpark),
        }
    }

    /// The home, to keep in handles.
    pub const fn home(&self) -> Home {
        self.home
    }
}

impl Deref for TimersLease {
    type Target = Home;

    fn deref(&self) -> &Home {
        &self.home
    }
}

impl Drop for TimersLease {
    fn drop(&mut self) {
        self.home.shutdown();
        POOL.lock().push(self.home.timers());
    }
}
