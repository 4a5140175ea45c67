//! A host with std's streams, arguments and clock: WASI, or an ordinary system.

/// Whether the host has a clock.
pub(crate) const HAS_CLOCK: bool = true;

/// Prints a line.
pub(crate) fn tell(line: &str) {
    println!("{line}");
}
