//! Whether the injected interrupt can come at each instruction.
//!
//! Idea        A straight line of steps of two instructions, each of which stores its number. From one moment to the next the number that the
//!             handler finds may stay or grow by one; if it grew by two, an instruction was missed.

use core::hint::spin_loop;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::chip::Chip;
use crate::injection::{count, inject};

static STEP: AtomicU32 = AtomicU32::new(0);
static FOUND: AtomicU32 = AtomicU32::new(0);

/// Steps in the line.
const STEPS: u32 = 32;

macro_rules! steps {
    ($($number:literal)*) => {
        // Relaxed: a plain store; the reader is this context's own interrupt.
        $(STEP.store($number, Ordering::Relaxed);)*
    };
}

#[inline(never)]
fn line() {
    steps!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
}

/// Sweeps the line; returns how many steps were found in a row.
pub(crate) fn check(chip: &'static dyn Chip) -> Result<u32, &'static str> {
    let mut last = 0;
    for moment in 1..1_000 {
        // Relaxed: as above, in the whole function.
        STEP.store(0, Ordering::Relaxed);
        let before = count();
        inject(chip, moment, |_| {
            FOUND.store(STEP.load(Ordering::Relaxed), Ordering::Relaxed)
        });
        line();
        while count() == before {
            spin_loop();
        }
        let found = FOUND.load(Ordering::Relaxed);
        if found > last + 1 {
            return Err("a step was passed over");
        }
        last = last.max(found);
        if last == STEPS {
            return Ok(STEPS);
        }
    }
    Err("the line was not reached")
}
