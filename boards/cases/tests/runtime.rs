//! The suite inside the hosted runtime.

mod simulated;

use selkie_cases::{Tally, run};
use simulated::{SimulatedMachine, start};

#[test]
fn every_case_passes_in_the_hosted_runtime() {
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
