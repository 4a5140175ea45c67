//! The schedulers: which task runs when, and on which thread. A scheduler knows the outside world only through
//! `Park` and its timers.

mod any_park;

mod thread_parker;

mod thread_sleep;

#[cfg(feature = "rt-multi-thread")]
mod maintenance;
mod trim;
mod yields;

mod current_thread;
mod local;
#[cfg(feature = "rt-multi-thread")]
mod multi_thread;

mod spawner;

pub(crate) use any_park::{AnyPark, AnyUnpark};
pub(crate) use current_thread::{CurrentThread, drives_here};
pub(crate) use local::LocalScheduler;
#[cfg(feature = "rt-multi-thread")]
pub(crate) use multi_thread::{MultiThread, block_in_place, worker_index};
pub(crate) use spawner::{SchedulerKind, Spawner};
pub(crate) use thread_parker::block_on_thread;
pub(crate) use thread_sleep::ThreadSleep;

#[cfg(all(test, loom))]
mod model;
