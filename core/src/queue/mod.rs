//! Queues of task slots: a ring that its owner fills and that other workers steal from, a queue
//! for tasks that come from outside the workers, and a static ring of any values for systems without a heap.

mod fixed;

mod inject;

mod ring;

pub use fixed::{FixedQueue, FixedRing, Full};
pub use inject::Inject;
pub use ring::{RING_SLOTS, Ring, RingOwner};

#[cfg(all(test, loom, feature = "alloc"))]
mod model;

#[cfg(all(test, not(loom)))]
mod tests;
