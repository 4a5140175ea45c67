#![no_std]
#![no_main]
//! An interrupt at every instruction, on this chip.

use firmware_riscv32::{
    SLEEP, TIME, acknowledge, acknowledge_injected, enable_injection, inject_after, pend, start,
};
use firmware_sweep::{Chip, on_injected, run};
use riscv::interrupt::Interrupt;
use riscv_rt::{core_interrupt, entry};
use selkie_core::executor::{Arena, ChipUnpark, Executor};
use selkie_core::park::Unpark;

static ARENA: Arena<2, 64> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);

/// Ends the "sleep" of the urgent executor.
struct Pend;

impl Unpark for Pend {
    fn unpark(&self) {
        pend();
    }
}

static URGENT_ARENA: Arena<1, 96> = Arena::new();
static URGENT: Executor = Executor::new(&Pend, &URGENT_ARENA);

struct VirtBoard;

impl Chip for VirtBoard {
    fn inject_after(&self, counts: u32) {
        inject_after(counts);
    }

    fn sleep(&self) -> &'static ChipUnpark {
        &SLEEP
    }

    fn executor(&self) -> &'static Executor {
        &EXECUTOR
    }

    fn urgent(&self) -> &'static Executor {
        &URGENT
    }

    fn fire_alarm(&self) {
        TIME.on_alarm();
    }
}

#[core_interrupt(Interrupt::MachineSoft)]
fn on_software() {
    acknowledge();
    URGENT.on_interrupt();
}

#[core_interrupt(Interrupt::MachineExternal)]
fn on_external() {
    acknowledge_injected();
    on_injected();
}

#[entry]
fn main() -> ! {
    let timers = start();
    enable_injection();
    run(&VirtBoard, timers)
}
