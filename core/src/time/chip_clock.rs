//! A chip's clock: the board's, which nobody pauses. The names are those of the clock that tests move.
//!
//! Rejected    One clock for both, told by a constant not to pause: its words stay, and code sets them.

use core::time::Duration;

use super::instant::Instant;
use super::mode::{ClockError, Mode};
use crate::maybe_const;
use crate::platform::tick_at;

/// A chip's clock, without a size; it stands in the timer shard that go by it.
#[derive(Debug)]
pub struct Clock(());

impl Clock {
    maybe_const! {
        /// The clock.
        pub(super) fn new() -> Self {
            Self(())
        }
    }

    /// Nothing is to be set.
    #[inline(always)]
    pub(super) fn restart(&self, _mode: Mode) {}

    /// Whether the clock may be paused: it may not.
    #[inline(always)]
    pub const fn is_pausable(&self) -> bool {
        false
    }

    /// Whether the clock stands still: it does not.
    #[inline(always)]
    pub const fn is_paused(&self) -> bool {
        false
    }

    /// The board's time.
    #[inline]
    pub fn now(&self) -> Instant {
        Instant::machine_now()
    }

    /// The board's time in nanoseconds since its clock started.
    #[inline]
    pub(super) fn now_nanos(&self) -> u64 {
        Instant::machine_now().nanos()
    }

    /// The tick that the board's time lies in.
    #[inline]
    pub(super) fn now_tick(&self) -> u64 {
        tick_at(Instant::machine_now().into_std())
    }

    /// Fails: the clock is the board's.
    ///
    /// # Errors
    /// Always [`ClockError::NotPausable`].
    pub const fn pause(&self) -> Result<(), ClockError> {
        Err(ClockError::NotPausable)
    }

    /// Fails: the clock runs.
    ///
    /// # Errors
    /// Always [`ClockError::NotPaused`].
    pub const fn resume(&self) -> Result<(), ClockError> {
        Err(ClockError::NotPaused)
    }

    /// Fails: the clock runs.
    ///
    /// # Errors
    /// Always [`ClockError::NotPaused`].
    pub const fn advance(&self, _duration: Duration) -> Result<(), ClockError> {
        Err(ClockError::NotPaused)
    }

    /// The clock runs: nothing to do.
    #[inline(always)]
    pub(super) fn advance_to_tick(&self, _tick: u64) {}

    /// Nobody moves the clock, held or not.
    #[inline(always)]
    pub(super) fn hold(&self) {}

    /// Ends a [`hold`](Self::hold); it never was the last.
    #[inline(always)]
    pub(super) fn release(&self) -> bool {
        false
    }

    /// Whether somebody keeps the clock where it is: nobody has to.
    #[inline(always)]
    pub(super) fn is_held(&self) -> bool {
        false
    }
}

/// There is one clock.
#[inline(always)]
pub(super) fn set_current_clock(_clock: Option<&'static Clock>) {}

impl Instant {
    /// The time now, of the board.
    #[inline]
    pub fn now() -> Self {
        Self::machine_now()
    }

    /// The time since this instant, zero if it lies ahead.
    pub fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }
}
