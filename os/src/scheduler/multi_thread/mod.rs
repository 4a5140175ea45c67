//! The work-stealing scheduler: one worker per core, each with its own run queue, timers and task slots.

mod drivers;

mod parker;

mod idle;

mod monitor_role;

mod notify;

mod core;

mod progress;

mod remaining_tasks;

mod shared;

mod shutdown;

mod tuning;

mod stalled_workers;

mod worker;

mod work_loop;

mod local_queue;

mod monitor;

mod search;

mod dump;

mod run;

mod handoff;

mod spawn;

pub(crate) use handoff::block_in_place;
pub(crate) use shared::MultiThread;
pub(crate) use worker::worker_index;

#[cfg(all(test, loom))]
mod model;

#[cfg(all(test, not(loom)))]
mod layout;
