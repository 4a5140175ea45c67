#![no_std]
//! A Cortex-M0: the nRF51822 of a micro:bit.
//!
//! The timer 0 is the clock, at one megahertz, and the alarm. Two software interrupts stand for
//! other peripherals: one is the suite's, one is an executor's.
#![allow(unsafe_code)]

mod clock;
mod interrupts;
mod register;

pub use clock::{NrfClock, TIME};
pub use interrupts::{SUITE, URGENT, pend, start};

use selkie_core::executor::ChipUnpark;

/// Thread mode's sleep.
pub static SLEEP: ChipUnpark = ChipUnpark::new(cortex_m::asm::wfi);
