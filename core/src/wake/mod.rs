//! Holding wakers: one at a time, in a batch, in a line.

mod batch;

pub use batch::WakeBatch;
