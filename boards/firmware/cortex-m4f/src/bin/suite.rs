#![no_std]
#![no_main]
//! The suite, told by semihosting; the exit status is 0 if every case passed.

use cortex_m_rt::{entry, exception};
use firmware_cortex_m4f::{Irq, Pend, SLEEP, TIMER0, enable, on_timer, pend, start};
use selkie_cases::{Machine, run};
use selkie_core::executor::{Arena, ChipPark, Executor};

static ARENA: Arena<8, 192> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);

/// The interrupt that the suite makes come.
const SUITE: Irq = Irq::new(20);
/// The interrupt whose handler is the urgent executor.
const URGENT_IRQ: Irq = Irq::new(21);

static URGENT_ARENA: Arena<2, 96> = Arena::new();
static URGENT: Executor = Executor::new(&Pend(URGENT_IRQ), &URGENT_ARENA);

struct Board;

impl Machine for Board {
    fn interrupt(&self) {
        pend(SUITE);
    }

    fn urgent(&self) -> &'static Executor {
        &URGENT
    }

    fn sleeps(&self) -> Option<u32> {
        Some(SLEEP.sleeps())
    }

    fn report(&self, case: &str, outcome: Result<(), &'static str>) {
        match outcome {
            Ok(()) => semihosting::println!("pass {case}"),
            Err(what) => semihosting::println!("FAIL {case}: not so: {what}"),
        }
    }
}

/// Handles every interrupt, by its number.
// SAFETY: what the handlers touch is shared by locks and atomics.
#[exception]
#[allow(unsafe_code)]
unsafe fn DefaultHandler(number: i16) {
    match Irq::new(number as u8) {
        TIMER0 => on_timer(),
        URGENT_IRQ => URGENT.on_interrupt(),
        SUITE => selkie_cases::on_interrupt(),
        _ => panic!("an interrupt without a handler"),
    }
}

#[entry]
fn main() -> ! {
    let home = start();
    EXECUTOR.set_timers(home);
    URGENT.set_timers(home);
    enable(URGENT_IRQ, 0x40);
    enable(SUITE, 0x80);
    let tally = EXECUTOR.block_on(&mut ChipPark::new(&SLEEP), run(&Board));
    semihosting::println!("{} passed, {} failed", tally.passed, tally.failed);
    semihosting::process::exit(i32::from(tally.failed != 0));
}
