//! Runtimes from outside: flavors, hooks, ends.

mod blocking;
mod broken;
mod crowded;
mod dump;
mod ends;
mod entry;
mod flavors;
mod handed_over;
mod hooks;
mod limits;
mod local;
mod memory;
mod nested;
mod order;
mod ownership;
mod random;
mod regressions;
mod scope;
mod shutdown;
mod watchdog;
