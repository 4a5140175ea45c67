//! The flight recorder: what the workers of a runtime did last, in rings of events.
#![cfg_attr(
    not(feature = "trace-events"),
    allow(dead_code, reason = "events are read where they are written out")
)]

mod event;

mod event_ring;

mod recorder;

mod snapshot;

#[cfg(feature = "trace-events")]
mod step;

#[cfg(feature = "trace-events")]
mod trace_events;

#[cfg(all(test, loom))]
mod model;

pub(crate) use recorder::Recorder;
pub use snapshot::RecordingSnapshot;
