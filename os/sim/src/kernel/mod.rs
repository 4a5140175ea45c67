//! The simulated kernel: which thread runs, what time it is, what waits for what.
//!
//! Idea        Threads are real, and one runs at a time: it holds the turn. Whoever calls the system may have to give the turn
//!             away, and a seeded choice says who gets it. Time stands still while a thread runs, but for what each call
//!             costs; when no thread can run, the next event's time has come.
//! Invariant   Nothing in here calls a function that this crate puts before the C library's: a thread in the kernel is inside.

mod arrival;
mod barrier;
mod channel;
mod descriptors;
mod disks;
mod event;
mod file_mappings;
mod futex;
mod interests;
mod invariants;
mod local;
mod object;
mod pipe;
mod pipe_ends;
mod policy;
mod poller;
mod power;
mod readiness;
mod report;
mod shared_file;
mod state;
mod step;
mod threads;
mod turn;

pub(crate) use barrier::Barrier;
pub(crate) use channel::Channel;
pub(crate) use descriptors::FIRST_DESCRIPTOR;
pub(crate) use futex::{wait_at, wake_at};
pub(crate) use interests::Poller;
pub(crate) use invariants::add_invariant;
pub(crate) use local::is_simulated;
pub(crate) use object::Object;
pub(crate) use pipe::PIPE_CAPACITY;
pub(crate) use state::State;
pub(crate) use step::Step;
pub(crate) use turn::{
    Outcome, add_thread, begin_thread, call, end_thread, finish, has_ended, look, read, run_world,
};
