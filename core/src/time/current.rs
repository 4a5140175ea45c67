//! The timer shard of the current context: timers that are made in the context belong to it.

use super::clock::set_current_clock;
use super::handle::TimersHandle;
use crate::context_cell;
use crate::platform::{without_runtime, without_timers};

/// What a running context offers to timers.
#[derive(Debug, Clone, Copy, Default)]
pub enum Current {
    /// No runtime runs here.
    #[default]
    Absent,
    /// A runtime runs here, without timers.
    Disabled,
    /// A runtime runs here, and timers made here belong to this shard.
    Timers(TimersHandle),
}

context_cell! {
    static CURRENT: Current = Current::Absent;
}

/// Installs `current` for the running thread (or chip) and returns what was installed before.
///
/// Timers made here find their shard in it, and [`Instant::now`](super::Instant::now) its clock.
#[inline]
pub fn set_current(current: Current) -> Current {
    set_current_clock(match current {
        Current::Timers(timers) if timers.clock().is_pausable() => Some(timers.shard().clock()),
        _ => None,
    });
    CURRENT.replace(current)
}

/// What is installed for the running thread (or chip).
#[inline]
pub fn current() -> Current {
    CURRENT.get()
}

/// The shard of timers made here.
///
/// # Panics
/// If no runtime runs here, or one without timers.
#[track_caller]
#[inline]
pub(super) fn timers_here() -> TimersHandle {
    match CURRENT.get() {
        Current::Timers(timers) => timers,
        Current::Absent => without_runtime(),
        Current::Disabled => without_timers(),
    }
}
