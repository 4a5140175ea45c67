//! The suite on a thread that simulates a chip.
#![cfg(target_os = "linux")]

mod simulated;

use selkie_cases::{Tally, run};
use selkie_core::executor::{Arena, Executor, ThreadPark, ThreadUnpark, TimedPark};
use selkie_core::time::Timers;
use simulated::{SimulatedMachine, in_a_world, start, unparks};

#[test]
fn every_case_passes_in_an_arena() {
    in_a_world(run_in_an_arena);
}

fn run_in_an_arena() {
    static ARENA: Arena<8, 512> = Arena::new();
    static UNPARK: ThreadUnpark = ThreadUnpark::new();
    static EXECUTOR: Executor = Executor::new(&UNPARK, &ARENA);
    static TIMERS: Timers = Timers::new();
    start();
    let park = ThreadPark::new(&UNPARK);
    let mut park = TimedPark::new(park, &TIMERS, unparks(&UNPARK));
    EXECUTOR.set_timers(park.handle());
    let on_chip = EXECUTOR.block_on(&mut park, run(&SimulatedMachine));
    assert_eq!(
        on_chip,
        Tally {
            passed: 27,
            failed: 0
        }
    );
}
