//! The argument says which case to run.

use crate::suite::{all, run};

/// Runs the case whose number is the argument, and exits with 2 if there is none; all that do not panic
/// without an argument.
pub(crate) fn start() {
    match std::env::args().nth(1) {
        Some(index) => {
            let index = index.parse().expect("the number of a case");
            if !run(index) {
                std::process::exit(2);
            }
        }
        None => {
            for (index, case) in all().iter().enumerate() {
                if case.panics.is_none() {
                    run(index);
                }
            }
        }
    }
}
