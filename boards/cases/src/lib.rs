#![no_std]
//! What must hold on every chip, and on a hosted system too: one suite, run unchanged by the
//! firmware of each board and by an ordinary test.

mod arena;
mod channels;
mod interrupts;
mod machine;
mod macros;
mod outcome;
mod pin;
mod press;
mod station;
mod streams;
mod suite;
mod tasks;
mod timers;

pub use interrupts::on_interrupt;
pub use machine::Machine;
pub use suite::{Tally, run};
