#![no_std]
#![no_main]
//! The suite, told by semihosting; the exit status is 0 if every case passed.

use cortex_m_rt::entry;
use firmware_cortex_m0::{SLEEP, SUITE, URGENT, pend, start};
use selkie_cases::{Machine, run};
use selkie_core::executor::{Arena, ChipPark, Executor};

static ARENA: Arena<8, 192> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);

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

#[entry]
fn main() -> ! {
    start(&EXECUTOR);
    let tally = EXECUTOR.block_on(&mut ChipPark::new(&SLEEP), run(&Board));
    semihosting::println!("{} passed, {} failed", tally.passed, tally.failed);
    semihosting::process::exit(i32::from(tally.failed != 0));
}
