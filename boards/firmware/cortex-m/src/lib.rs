#![no_std]
//! What Cortex-M firmware has in common, whatever the chip: interrupts, registers, sleep, and the
//! programs. A chip brings its clock, its memory map and its handlers.
#![allow(unsafe_code)]

mod counter;
mod interrupts;
mod register;

pub mod blink;
pub mod cost;
pub mod suite;

pub use counter::WideCounter;
pub use interrupts::{Irq, Pend, TIMER0, enable, pend};
pub use register::Register;

use selkie_core::executor::{AlarmClock, ChipTimers, ChipUnpark};
use selkie_core::time::TimersHandle;

/// Thread mode's sleep.
pub static SLEEP: ChipUnpark = ChipUnpark::new(cortex_m::asm::wfi);

/// Starts the timers of a clock that runs, and lets the alarm's interrupt come.
///
/// # Panics
/// If it was called before.
pub fn start<C: AlarmClock>(timers: &'static ChipTimers<C>) -> TimersHandle {
    let timers = timers.start();
    enable(TIMER0, 0);
    timers
}
