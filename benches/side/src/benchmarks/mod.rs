//! Benchmarks, one file for each kind of work.

mod benchmark;
mod block_on;
mod blocking;
mod channels;
mod datagrams;
pub(crate) mod echo;
mod files;
pub(crate) mod http;
mod list;
mod local;
mod locks;
mod memory;
mod process;
#[cfg(target_os = "linux")]
mod rings;
mod spawn;
mod stuck_worker;
mod timers;
mod wakes;

pub(crate) use benchmark::Benchmark;
pub(crate) use list::{ALL, named};
