#![no_std]
#![no_main]
//! The suite, told by semihosting; the exit status is 0 if every case passed.

use firmware_riscv32::{SLEEP, acknowledge, pend, start};
use riscv::interrupt::Interrupt;
use riscv_rt::{core_interrupt, entry};
use selkie_cases::{Machine, run};
use selkie_core::executor::{Arena, ChipPark, Executor};
use selkie_core::park::Unpark;
use selkie_core::raw::platform::{AtomicBool, Ordering};

static ARENA: Arena<8, 192> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);

/// Whose the one software interrupt is.
static FOR_SUITE: AtomicBool = AtomicBool::new(false);
static FOR_EXECUTOR: AtomicBool = AtomicBool::new(false);

/// Ends the "sleep" of the urgent executor.
struct Pend;

impl Unpark for Pend {
    fn unpark(&self) {
        // Release: pairs with the Acquire in the handler.
        FOR_EXECUTOR.store(true, Ordering::Release);
        pend();
    }
}

static URGENT_ARENA: Arena<2, 96> = Arena::new();
static URGENT: Executor = Executor::new(&Pend, &URGENT_ARENA);

#[core_interrupt(Interrupt::MachineSoft)]
fn on_software() {
    acknowledge();
    // Acquire: pairs with the Release of who made it come.
    if FOR_SUITE.swap(false, Ordering::Acquire) {
        selkie_cases::on_interrupt();
    }
    // Acquire: as above.
    if FOR_EXECUTOR.swap(false, Ordering::Acquire) {
        URGENT.on_interrupt();
    }
}

struct Board;

impl Machine for Board {
    fn interrupt(&self) {
        // Release: pairs with the Acquire in the handler.
        FOR_SUITE.store(true, Ordering::Release);
        pend();
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
    let timers = start();
    EXECUTOR.set_timers(timers);
    URGENT.set_timers(timers);
    let tally = EXECUTOR.block_on(&mut ChipPark::new(&SLEEP), run(&Board));
    semihosting::println!("{} passed, {} failed", tally.passed, tally.failed);
    semihosting::process::exit(i32::from(tally.failed != 0));
}
