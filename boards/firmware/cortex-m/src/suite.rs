//! The suite, which prints by semihosting; the exit status is 0 if every case passed.

use selkie_cases::Machine;
use selkie_core::executor::{Arena, ChipPark, Executor};
use selkie_core::time::TimersHandle;

use crate::{Irq, Pend, SLEEP, TIMER0, enable, pend};

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

/// What the handler of every interrupt does, by its number; `on_timer` is the alarm's.
///
/// # Panics
/// At an interrupt that nobody enabled.
pub fn on_interrupt(number: i16, on_timer: fn()) {
    match Irq::new(number as u8) {
        TIMER0 => on_timer(),
        URGENT_IRQ => URGENT.on_interrupt(),
        SUITE => selkie_cases::on_interrupt(),
        _ => panic!("an interrupt without a handler"),
    }
}

/// Runs it, with the chip's timers.
pub fn run(timers: TimersHandle) -> ! {
    EXECUTOR.set_timers(timers);
    URGENT.set_timers(timers);
    enable(URGENT_IRQ, 0x40);
    enable(SUITE, 0x80);
    let cases = selkie_cases::run(&Board);
    let tally = EXECUTOR.block_on(&mut ChipPark::new(&SLEEP), cases);
    semihosting::println!("{} passed, {} failed", tally.passed, tally.failed);
    semihosting::process::exit(i32::from(tally.failed != 0));
}
