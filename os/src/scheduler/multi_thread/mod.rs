//! The work-stealing scheduler: one worker a core, each with its own queue, timers and slots.

mod drivers;

mod parker;

mod idle;

mod watch_role;

mod core;

mod end;

mod shared;

mod shutdown;

mod tuning;

mod others;

mod worker;

mod push;

mod watch;

mod find;

#[cfg(feature = "taskdump")]
mod dump;
#[cfg(not(feature = "taskdump"))]
#[path = "no_dump.rs"]
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
