//! What the runtime reports to a subscriber of `tracing` about its tasks, by the names, targets and fields that Tokio gives
//! them, which tools such as `console-subscriber` read. Without the feature `tracing` futures are spawned unchanged.

mod kind;

#[cfg(feature = "tracing")]
mod span;
#[cfg(feature = "tracing")]
mod waker;

mod instrument;

mod stalled_poll;

pub(crate) use instrument::{root, task, trace_blocking};
pub(crate) use kind::Kind;
pub(crate) use stalled_poll::{StalledEvent, emit_stalled};
