//! What every executor has beside its tasks: whether the future it blocks on was woken, the end of
//! its sleep, and the timers of its tasks.

use crate::platform::{AtomicBool, Ordering};
use crate::time::raw::{Current, set_current};

/// Whether the future that an executor blocks on is to be polled.
#[derive(Debug)]
pub(super) struct Root {
    woken: AtomicBool,
}

impl Root {
    crate::maybe_const! {
        /// A future that was not polled yet.
        pub(super) fn new() -> Self {
            Self { woken: AtomicBool::new(true) }
        }
    }

    /// The future was woken; `unpark` ends the executor's sleep.
    pub(super) fn wake(&self, unpark: impl FnOnce()) {
        // Release: pairs with the Acquire in `take`, so that the poll sees what changed. A wake
        // that finds the mark set may skip the unpark: whoever set it unparks, or has.
        if !self.woken.swap(true, Ordering::AcqRel) {
            unpark();
        }
    }

    /// Marks it for its first poll.
    pub(super) fn begin(&self) {
        // Relaxed: read by this very context.
        self.woken.store(true, Ordering::Relaxed);
    }

    /// Takes the mark: whether to poll.
    pub(super) fn take(&self) -> bool {
        // Acquire: pairs with the Release in `wake`.
        self.woken.swap(false, Ordering::AcqRel)
    }
}

/// Puts back whose timers stood here, also on unwinding.
pub(super) struct TimersGuard(Current);

impl TimersGuard {
    pub(super) fn new(current: Current) -> Self {
        Self(set_current(current))
    }
}

impl Drop for TimersGuard {
    fn drop(&mut self) {
        set_current(self.0);
    }
}
