#![no_std]
//! A riscv32imc: QEMU's machine `virt`, without the atomic extension.
//!
//! The core-local interruptor is clock and alarm. Its software interrupt stands for other
//! peripherals.
#![allow(unsafe_code)]

mod clock;
mod injection;
mod register;
mod software;

pub use clock::{ClintClock, TIME};
pub use injection::{acknowledge_injected, enable_injection, inject_after};
pub use software::{acknowledge, pend};

use riscv::interrupt::Interrupt;
use riscv_rt::core_interrupt;
use selkie_core::executor::ChipUnpark;
use selkie_core::time::TimersHandle;

/// Thread mode's sleep.
pub static SLEEP: ChipUnpark = ChipUnpark::new(riscv::asm::wfi);

/// Starts the clock, its alarm and the software interrupt, whose handler is the program's.
///
/// # Panics
/// If it was called before.
pub fn start() -> TimersHandle {
    TIME.clock().start();
    let timers = TIME.start();
    for interrupt in [Interrupt::MachineTimer, Interrupt::MachineSoft] {
        // SAFETY: handlers share nothing with the rest but by locks and atomics.
        unsafe { riscv::interrupt::enable_interrupt(interrupt) };
    }
    // SAFETY: as above; no critical section is running.
    unsafe { riscv::interrupt::enable() };
    timers
}

#[core_interrupt(Interrupt::MachineTimer)]
fn on_timer() {
    TIME.on_alarm();
}
