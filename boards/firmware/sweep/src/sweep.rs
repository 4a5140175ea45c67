//! The sweep: a protocol, with the interrupt one moment later each time, until the chip sleeps before it comes.
//!
//! Invariants  I1 a protocol ends after the interrupt has come. One whose wake is lost waits for its time limit instead, and fails.

use selkie_core::time::TimersHandle;

use crate::calibration;
use crate::chip::Chip;
use crate::injection::{count, inject, set_chip, sleeps};
use crate::protocols::{PROTOCOLS, Protocol};

/// Moments after the chip was found asleep for the first time: longer than from the decision to sleep to the sleep itself.
const MORE_MOMENTS: u32 = 64;
/// More than any of the protocols takes.
const MOST_MOMENTS: u32 = 8_000;

/// Sweeps a protocol; returns at how many moments the interrupt came before the chip slept.
fn sweep(chip: &'static dyn Chip, protocol: &Protocol) -> Result<u32, (u32, &'static str)> {
    let mut asleep = 0;
    for moment in 1..MOST_MOMENTS {
        let (slept, before) = (chip.sleep().sleeps(), count());
        inject(chip, moment, protocol.action);
        (protocol.thread)(chip).map_err(|what| (moment, what))?;
        if count() != before + 1 {
            return Err((moment, "the interrupt came once"));
        }
        if sleeps() != slept {
            asleep += 1;
            if asleep == MORE_MOMENTS {
                return Ok(moment - MORE_MOMENTS);
            }
        }
    }
    Err((MOST_MOMENTS, "the chip sleeps at last"))
}

/// Runs all sweeps, and ends the program: with status 0 if nothing was lost.
pub fn run(chip: &'static dyn Chip, timers: TimersHandle) -> ! {
    set_chip(chip);
    chip.executor().set_timers(timers);
    chip.urgent().set_timers(timers);
    let mut failed = 0;
    match calibration::check(chip) {
        Ok(steps) => semihosting::println!(
            "pass the injected interrupt misses no instruction ({steps} in a row)"
        ),
        Err(what) => {
            semihosting::println!("FAIL the injected interrupt misses no instruction: {what}");
            failed += 1;
        }
    }
    for protocol in &PROTOCOLS {
        match sweep(chip, protocol) {
            Ok(moments) => semihosting::println!("pass {}: {moments} moments", protocol.name),
            Err((moment, what)) => {
                semihosting::println!("FAIL {} at moment {moment}: not so: {what}", protocol.name);
                failed += 1;
            }
        }
    }
    semihosting::process::exit(failed);
}
