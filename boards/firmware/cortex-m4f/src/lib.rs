#![no_std]
//! A Cortex-M4F: the FPGA image AN386 of Arm's MPS2 board.
//!
//! Timer 1 runs free and is the clock, timer 0 is the alarm. Interrupts without a peripheral stand
//! for others.
#![allow(unsafe_code)]

mod clock;
mod interrupts;
mod register;

pub use clock::{CmsdkClock, TIME, on_timer};
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
