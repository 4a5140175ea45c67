//! What the runtime tells a subscriber of `tracing` of its tasks, by the names, targets and fields that
//! Tokio gives them, which tools such as `console-subscriber` read. Without the feature `tracing` a future
//! is spawned as it is.

mod kind;

#[cfg(feature = "tracing")]
mod told;
#[cfg(not(feature = "tracing"))]
mod untold;
#[cfg(feature = "tracing")]
mod waker;

pub(crate) use kind::Kind;
#[cfg(feature = "tracing")]
pub(crate) use told::{root, task, trace_blocking};
#[cfg(not(feature = "tracing"))]
pub(crate) use untold::{root, task, trace_blocking};
