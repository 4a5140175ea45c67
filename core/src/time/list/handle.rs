//! A handle to timers, which executors keep.
//!
//! Rejected    An epoch that tells whether the timers were opened again since: these are a chip's, opened once.

use core::ops::Deref;

use super::timers::Timers;

/// A handle to timers: it derefs to the [`Timers`].
#[derive(Debug, Clone, Copy)]
pub struct TimersHandle {
    timers: &'static Timers,
}

impl Deref for TimersHandle {
    type Target = Timers;

    #[inline]
    fn deref(&self) -> &Timers {
        self.timers
    }
}

impl TimersHandle {
    #[inline]
    pub(super) const fn new(timers: &'static Timers) -> Self {
        Self { timers }
    }

    /// The timers, for as long as the program runs.
    pub const fn shard(&self) -> &'static Timers {
        self.timers
    }

    /// Whether the timers are open.
    pub fn is_open(&self) -> bool {
        self.timers.with(|state| state.is_open)
    }

    /// Closes the timers. See [`Timers::shutdown`].
    pub fn close(&self) {
        self.timers.shutdown();
    }

    /// Keeps a paused clock where it is: a chip has none.
    pub const fn hold_clock(&self) -> ClockGuard {
        ClockGuard(())
    }
}

/// Keeps a paused clock from being moved by an idle scheduler; made by [`TimersHandle::hold_clock`].
#[derive(Debug)]
#[must_use = "the clock is held until this is dropped"]
pub struct ClockGuard(());
