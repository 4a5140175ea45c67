//! What the core tells a subscriber of `tracing`: spans of resources and of operations on them, and
//! events of their changes, by the names, targets and fields that Tokio gives them, which tools such as
//! `console-subscriber` read. Without the feature `tracing` all of it is empty.

mod operation;

mod permits;

mod resource;

// Without a heap a sleep tells nobody.
#[cfg(feature = "alloc")]
mod sleep;

pub(crate) use operation::{Operation, instrument};
pub(crate) use permits::{GrantEvent, RequestSpan};
pub(crate) use resource::Resource;
#[cfg(feature = "alloc")]
pub(crate) use sleep::SleepSpan;
