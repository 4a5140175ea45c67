#![no_std]
//! A Cortex-M0: the nRF51822 of a micro:bit.
//!
//! The timer 0 is the clock, at one megahertz, and the alarm. Interrupts without a peripheral stand
//! for others.

mod clock;
mod injection;

pub use clock::{NrfClock, TIME, on_timer};
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
