//! A host with std's streams, arguments and clock: WASI, or an ordinary system.

/// Whether the host has a clock.
pub(crate) const HAS_CLOCK: bool = true;

/// Prints a line.
pub(crate) fn tell(line: &str) {
    println!("{line}");
}

/// Runs the case whose number is the argument, and exits with 2 if there is none; all that do not panic
/// without an argument.
pub(crate) fn start(run: fn(usize) -> bool) {
    match std::env::args().nth(1) {
        Some(index) => {
            let index = index.parse().expect("the number of a case");
            if !run(index) {
                std::process::exit(2);
            }
        }
        None => {
            for (index, case) in super::all().iter().enumerate() {
                if case.panics.is_none() {
                    run(index);
                }
            }
        }
    }
}
