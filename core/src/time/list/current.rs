//! The timers of the current context: timers that are made in the context belong to them.
//!
//! Idea        One word, so that it is read without a critical section.
#![allow(unsafe_code)]

use super::handle::TimersHandle;
use super::timers::Timers;
use crate::context_cell;
use crate::platform::without_timers;

/// What a running context offers to timers.
#[derive(Debug, Clone, Copy, Default)]
pub enum Current {
    /// No executor runs here.
    #[default]
    Absent,
    /// An executor runs here, without timers.
    Disabled,
    /// An executor runs here, and timers made here belong to these.
    Timers(TimersHandle),
}

context_cell! {
    /// Without timers nothing can be made here, whether an executor runs or not.
    static CURRENT: Option<&'static Timers> = None;
}

/// Installs `current` for the running context and returns what was installed before.
#[inline]
pub fn set_current(current: Current) -> Current {
    let before = CURRENT.replace(match current {
        Current::Timers(timers) => Some(timers.shard()),
        Current::Absent | Current::Disabled => None,
    });
    told(before)
}

/// What is installed for the running context.
#[inline]
pub fn current() -> Current {
    told(CURRENT.get())
}

#[inline]
fn told(timers: Option<&'static Timers>) -> Current {
    timers.map_or(Current::Absent, |timers| {
        Current::Timers(TimersHandle::new(timers))
    })
}

/// The timers of timers made here.
///
/// # Panics
/// If no executor runs here, or one without timers.
#[track_caller]
#[inline]
pub(super) fn timers_here() -> &'static Timers {
    match CURRENT.get() {
        Some(timers) => timers,
        None => without_timers(),
    }
}
