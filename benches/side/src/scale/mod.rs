//! How figures change with the number of workers: rates that should stay flat, and how late things are while all
//! workers are busy.

mod benchmark;
mod busy_workers;
mod list;
mod server;
mod table;
mod throughput;

pub use table::{one, run};
