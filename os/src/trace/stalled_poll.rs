//! The event of `tracing` for a poll that does not end.

use std::fmt::Display;
use std::panic::Location;
use std::time::Duration;

use selkie_core::task::Id;

/// A stalled poll, as an event tells it.
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
pub(crate) struct StalledEvent<'a> {
    pub(crate) worker: Option<usize>,
    pub(crate) task: Option<Id>,
    pub(crate) name: Option<&'a str>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) lasts: Duration,
    pub(crate) stack: Option<&'a dyn Display>,
}

/// Emits the event; without the feature `tracing` nothing happens.
#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
pub(crate) fn emit_stalled(event: &StalledEvent<'_>) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "selkie::watchdog",
        worker = event.worker,
        task.id = event.task.map(Id::as_u64),
        task.name = event.name.unwrap_or_default(),
        duration_ms = u64::try_from(event.lasts.as_millis()).unwrap_or(u64::MAX),
        stack = event.stack.map(tracing::field::display),
        loc.file = event.location.file(),
        loc.line = event.location.line(),
        loc.col = event.location.column(),
        "a poll has not returned",
    );
}
