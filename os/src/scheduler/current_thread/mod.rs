//! The scheduler that runs every task on the thread that calls `block_on`.
//!
//! The caller of `block_on` takes the core (run queue, driver, timers) and runs tasks until its future is ready. A second
//! caller waits until it gets the core, or until its own future is ready.

mod core;

mod shared;

mod running;

mod spawn;

mod root_waker;

mod waiters;

mod run;

mod shutdown;

mod dump;

pub(crate) use running::drives_here;
pub(crate) use shared::CurrentThread;
