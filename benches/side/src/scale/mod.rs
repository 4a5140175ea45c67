//! How figures change with the number of workers: costs that should stay the same, and the delay of wakes and timers
//! while all workers are busy.

mod benchmark;
mod busy_workers;
mod list;
mod server;
mod table;
mod throughput;

pub use table::{one, run};
