#![no_std]
#![no_main]
//! embassy-time on this chip's clock.

use firmware_riscv32::{SLEEP, acknowledge, pend, start};
use riscv::interrupt::Interrupt;
use riscv_rt::{core_interrupt, entry};
use selkie_core::executor::{Arena, ChipPark, Executor};
use selkie_core::park::Unpark;

static ARENA: Arena<24, 96> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);

/// Ends the "sleep" of the urgent executor.
struct Pend;

impl Unpark for Pend {
    fn unpark(&self) {
        pend();
    }
}

static URGENT_ARENA: Arena<1, 64> = Arena::new();
static URGENT: Executor = Executor::new(&Pend, &URGENT_ARENA);

#[core_interrupt(Interrupt::MachineSoft)]
fn on_software() {
    acknowledge();
    URGENT.on_interrupt();
}

#[entry]
fn main() -> ! {
    let timers = start();
    EXECUTOR.set_timers(timers);
    URGENT.set_timers(timers);
    let cases = firmware_embassy_cases::run(timers, &URGENT);
    let failed = EXECUTOR.block_on(&mut ChipPark::new(&SLEEP), cases);
    semihosting::process::exit(failed);
}
