#![no_std]
//! A Cortex-M4F: the FPGA image AN386 of Arm's MPS2 board.
//!
//! Timer 1 runs free and is the clock, timer 0 is the alarm. Two interrupts without a peripheral
//! stand for others: one is the suite's, one is an executor's.
#![allow(unsafe_code)]

mod clock;
mod interrupts;
mod register;

pub use clock::{CmsdkClock, TIME};
pub use interrupts::{SUITE, URGENT, pend, start};

use selkie_core::executor::ChipUnpark;

/// Thread mode's sleep.
pub static SLEEP: ChipUnpark = ChipUnpark::new(cortex_m::asm::wfi);
