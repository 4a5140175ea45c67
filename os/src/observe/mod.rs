//! What the runtime counts about itself.

mod counters;

pub(crate) use counters::{Counter, WorkerCounters};
