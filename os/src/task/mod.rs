//! Tasks: spawn them, join them, abort them, give way to others.

mod spawn;

mod blocking;

pub mod coop;

pub use blocking::{block_in_place, spawn_blocking};
pub use selkie_core::task::{AbortHandle, Id, JoinError, JoinHandle, yield_now};
pub use spawn::{id, spawn, try_id};

#[doc(hidden)]
pub use coop::{consume_budget, unconstrained};
