#![no_std]
#![no_main]
//! embassy-time on this chip's clock.

use cortex_m_rt::{entry, exception};
use firmware_cortex_m::{Irq, Pend, SLEEP, TIMER0, enable};
use firmware_cortex_m0::{on_timer, start};
use selkie_core::executor::{Arena, ChipPark, Executor};

static ARENA: Arena<24, 96> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);

const URGENT_IRQ: Irq = Irq::new(21);
static URGENT_ARENA: Arena<1, 64> = Arena::new();
static URGENT: Executor = Executor::new(&Pend(URGENT_IRQ), &URGENT_ARENA);

// SAFETY: what the handlers touch is shared by locks and atomics.
#[exception]
#[allow(unsafe_code)]
unsafe fn DefaultHandler(number: i16) {
    match Irq::new(number as u8) {
        TIMER0 => on_timer(),
        _ => URGENT.on_interrupt(),
    }
}

#[entry]
fn main() -> ! {
    let timers = start();
    EXECUTOR.set_timers(timers);
    URGENT.set_timers(timers);
    enable(URGENT_IRQ, 0x40);
    let cases = firmware_embassy_cases::run(timers, &URGENT);
    let failed = EXECUTOR.block_on(&mut ChipPark::new(&SLEEP), cases);
    semihosting::process::exit(failed);
}
