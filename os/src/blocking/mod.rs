//! Threads for work that blocks.

mod closure;
mod mailbox;
mod pool;
mod record;
mod threads;

pub(crate) use pool::{BlockingPool, SpawnError};
pub use record::{BlockedClosure, BlockingKind};
