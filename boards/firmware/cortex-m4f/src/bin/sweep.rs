#![no_std]
#![no_main]
//! An interrupt at every instruction, on this chip.

use cortex_m_rt::{entry, exception};
use firmware_cortex_m::{Irq, Pend, SLEEP, TIMER0, enable};
use firmware_cortex_m4f::{
    INJECTED, acknowledge_injected, enable_injection, inject_after, on_timer, start,
};
use firmware_sweep::{Chip, on_injected, run};
use selkie_core::executor::{Arena, ChipUnpark, Executor};

static ARENA: Arena<2, 64> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);

const URGENT_IRQ: Irq = Irq::new(21);
static URGENT_ARENA: Arena<1, 96> = Arena::new();
static URGENT: Executor = Executor::new(&Pend(URGENT_IRQ), &URGENT_ARENA);

struct Mps2Board;

impl Chip for Mps2Board {
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
        on_timer();
    }
}

// SAFETY: what the handlers touch is shared by locks and atomics.
#[exception]
#[allow(unsafe_code)]
unsafe fn DefaultHandler(number: i16) {
    match Irq::new(number as u8) {
        TIMER0 => on_timer(),
        INJECTED => {
            acknowledge_injected();
            on_injected();
        }
        _ => URGENT.on_interrupt(),
    }
}

#[entry]
fn main() -> ! {
    let timers = start();
    enable(URGENT_IRQ, 0);
    enable_injection();
    run(&Mps2Board, timers)
}
