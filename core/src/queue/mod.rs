//! Queues of task slots: a ring that its owner fills and thieves halve, and a door for outsiders.

mod inject;
mod ring;

pub use inject::Inject;
pub use ring::{RING_SLOTS, Ring};

#[cfg(all(test, loom, feature = "alloc"))]
mod model;
