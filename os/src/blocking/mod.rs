//! Threads for work that blocks.

mod closure;
mod pool;
mod pool_thread;
mod record;
mod threads;

pub(crate) use pool::BlockingPool;
pub use record::{BlockedClosure, BlockingKind};
