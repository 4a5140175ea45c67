//! Runtimes from outside: flavors, hooks, ends.

mod abandoned_waiter;
mod blocking;
mod busy_workers;
mod dump;
mod dump_long_polls;
#[cfg(unix)]
mod dump_on_signal;
mod dump_operations;
mod ends;
mod entry;
mod flavors;
mod hooks;
mod limits;
mod local;
mod memory;

mod metrics;
mod misuse;
mod nested_executors;
mod order;
mod ownership;
mod random;
mod regressions;
mod scope;
mod shutdown;
mod stalled_stacks;
mod watchdog;
