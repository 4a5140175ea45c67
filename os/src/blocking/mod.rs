//! Threads for work that blocks.

mod record;

mod thread;

mod pool;

pub(crate) use pool::{BlockingPool, SpawnError};
pub use record::{BlockedClosure, BlockingKind};
