//! Macros that print, and panic where the output is closed or full: in a destructor, and on the runtime's threads, that ends
//! more than the line. `sys::report_line` writes what a system takes.

use crate::source::Source;

const PRINTS: [&str; 4] = ["println!(", "print!(", "eprintln!(", "eprint!("];

/// Lines of the runtime and its core that print by one of them.
pub(crate) fn panicking(sources: &[Source]) -> Vec<String> {
    let ships = |source: &&Source| {
        let path = &source.path;
        let is_library = path.starts_with("os/src/") || path.starts_with("core/src/");
        // Scenarios for interrupts are tests; they stand in a room of their own.
        is_library && !source.is_test() && !path.starts_with("core/src/interrupts/")
    };
    let mut wrong = Vec::new();
    for source in sources.iter().filter(ships) {
        for (number, line) in source.code.lines().enumerate() {
            if PRINTS.iter().any(|print| line.contains(print)) {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    wrong
}
