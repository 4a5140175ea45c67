//! Wakers that are kept: one, a batch, a wait queue.

mod batch;
mod cell;
mod queue;

#[cfg(feature = "alloc")]
pub(crate) use batch::FinallyGuard;
pub(crate) use batch::FirstPanic;
pub use batch::{WakeBatch, wake_each};
pub use cell::WakerCell;
pub use queue::{WaitNode, WaitQueue, WaitState};

#[cfg(all(test, loom))]
mod model;

#[cfg(all(test, not(loom)))]
mod tests;
