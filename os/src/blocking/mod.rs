//! Threads for work that blocks.

mod pool;
mod thread;

pub(crate) use pool::{BlockingPool, SpawnError};
