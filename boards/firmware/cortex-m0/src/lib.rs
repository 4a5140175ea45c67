#![no_std]
//! A Cortex-M0: the nRF51822 of a micro:bit.
//!
//! The timer 0 is the clock, at one megahertz, and the alarm. Interrupts without a peripheral stand
//! for others.
#![allow(unsafe_code)]

mod clock;
mod interrupts;
mod register;

pub use clock::{NrfClock, TIME, on_timer};
pub use interrupts::{Irq, Pend, TIMER0, enable, pend};

use selkie_core::executor::ChipUnpark;
use selkie_core::time::Home;

/// Thread mode's sleep.
pub static SLEEP: ChipUnpark = ChipUnpark::new(cortex_m::asm::wfi);

/// Starts the clock and its alarm; the program's handler of [`TIMER0`] calls [`on_timer`].
///
/// # Panics
/// If it was called before.
pub fn start() -> Home {
    TIME.clock().start();
    let home = TIME.start();
    enable(TIMER0, 0);
    home
}
