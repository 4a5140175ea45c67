//! The program on this very system.

use std::process::Command;

#[test]
fn every_case_passes() {
    let output = Command::new(env!("CARGO_BIN_EXE_selkie-portable"))
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(!told.contains("FAIL"), "{told}");
}
