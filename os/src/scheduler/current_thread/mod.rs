//! The scheduler that runs every task on the thread that calls `block_on`.
//!
//! Whoever calls `block_on` takes the core (queue, driver, timers) and runs tasks until its future
//! is ready; another caller waits for the core, or for its own future.

mod core;

mod shared;

mod running;

mod spawn;

mod root_waker;

mod waiters;

mod run;

mod shutdown;

#[cfg(feature = "taskdump")]
mod dump;
#[cfg(not(feature = "taskdump"))]
#[path = "no_dump.rs"]
mod dump;

pub(crate) use running::drives_here;
pub(crate) use shared::CurrentThread;
