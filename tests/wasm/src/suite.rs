//! The cases that this host can run.

use crate::cases::{self, Case};
use crate::{host, timers};

/// All cases, in the order of their numbers.
pub(crate) fn all() -> Vec<Case> {
    let mut all = cases::all();
    if host::HAS_CLOCK {
        all.extend(timers::all());
    }
    all
}

/// Runs case `index`; `false` if there are not so many.
pub(crate) fn run(index: usize) -> bool {
    let Some(case) = all().into_iter().nth(index) else {
        return false;
    };
    host::tell(&match case.panics {
        None => format!("case {}", case.name),
        Some(message) => format!("case {} panics: {message}", case.name),
    });
    (case.run)();
    true
}
