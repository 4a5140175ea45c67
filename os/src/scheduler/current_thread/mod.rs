//! The scheduler that runs every task on the thread that calls `block_on`.
//!
//! A thread that calls `block_on` takes the core (queue, driver, timers) and runs tasks until its future is
//! ready. Another caller waits for the core, or for its own future.

mod core;

mod shared;

mod core_context;

mod spawn;

mod root_waker;

mod core_waiter;

mod run;

mod park;

mod shutdown;

mod dump;

pub(crate) use core_context::drives_here;
pub(crate) use shared::CurrentThread;
