//! The suite inside the hosted runtime.
#![cfg(target_os = "linux")]

mod simulated;

use selkie_cases::{Tally, run};
use simulated::{SimulatedMachine, in_a_world, start};

#[test]
fn every_case_passes_in_the_hosted_runtime() {
    in_a_world(run_in_the_runtime);
}

fn run_in_the_runtime() {
    start();
    let runtime = selkie::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let tally = runtime.block_on(run(&SimulatedMachine));
    assert_eq!(
        tally,
        Tally {
            passed: 27,
            failed: 0
        }
    );
}
