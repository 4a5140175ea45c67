//! What the runtime tells a subscriber of `tracing` of its tasks, by the names, targets and fields that
//! Tokio gives them, which tools such as `console-subscriber` read. Without the feature `tracing` a future
//! is spawned as it is.

#[cfg(feature = "tracing")]
mod waker;

mod task;

pub(crate) use task::{Kind, root, task, trace_blocking};
