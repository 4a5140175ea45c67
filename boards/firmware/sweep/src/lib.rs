#![no_std]
//! An interrupt at every instruction: protocols of the core run again and again, and each time the interrupt comes an instruction later.
//!
//! What `core/src/interrupts` tries between the steps of the protocols, on the host, this tries between the instructions that a chip executes, sleep included.
//! The emulator's time is the number of instructions, so a timer that runs as fast chooses the instruction.

mod chip;

mod injection;

mod calibration;

mod protocols;

mod sweep;

pub use chip::Chip;
pub use injection::on_injected;
pub use sweep::run;
