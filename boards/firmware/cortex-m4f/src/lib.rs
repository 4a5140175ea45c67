#![no_std]
//! A Cortex-M4F: the FPGA image AN386 of Arm's MPS2 board.
//!
//! Timer 1 runs free and is the clock, timer 0 is the alarm. Interrupts without a peripheral stand
//! for others.

mod clock;
mod injection;

pub use clock::{CmsdkClock, TIME, on_timer};
pub use injection::{INJECTED, acknowledge_injected, enable_injection, inject_after};

use selkie_core::time::TimersHandle;

/// Starts the clock and its alarm; the program's handler of `TIMER0` calls [`on_timer`].
///
/// # Panics
/// If it was called before.
pub fn start() -> TimersHandle {
    TIME.clock().start();
    firmware_cortex_m::start(&TIME)
}
