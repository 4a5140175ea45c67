#![no_std]
//! A riscv32imc: QEMU's machine `virt`, without the atomic extension.
//!
//! The core-local interruptor is clock and alarm. Its software interrupt stands for other
//! peripherals: it is the suite's and an executor's.
#![allow(unsafe_code)]

mod clock;
mod interrupts;
mod register;

pub use clock::{ClintClock, TIME};
pub use interrupts::{URGENT, interrupt, start};

use selkie_core::executor::ChipUnpark;

/// Thread mode's sleep.
pub static SLEEP: ChipUnpark = ChipUnpark::new(riscv::asm::wfi);
